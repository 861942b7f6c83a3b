import { table } from '@onbehalf/authorization-ports';

/** What the section says. */
export interface TicketSettings {
  /** Who takes tickets. */
  readonly audience: string;
  /** Seconds that a ticket can be used. */
  readonly timeToLive: number;
}

// #region table
/** Tickets that were sold and not used yet. */
export const ticketTable = table({
  name: 'tickets_sold',
  columns: {
    number: { type: 'text' },
    client: { type: 'text' },
    holder: { type: 'text', sealed: true },
    expires_at: { type: 'integer' },
  },
  key: ['number'],
  indexes: [['client']],
  expires: 'expires_at',
});
// #endregion
