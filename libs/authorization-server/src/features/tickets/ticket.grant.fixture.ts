import type { FeatureParts, Grant, GrantRequest } from '@onbehalf/authorization-server';
import { OAuthError } from '@onbehalf/oauth-protocol';
import { ticketTable, type TicketSettings } from './ticket-table.fixture.js';

export const TICKET_GRANT = 'urn:example:grant-type:ticket';

/** Sells a ticket for a user to the client. */
export class TicketGrant implements Grant {
  readonly grantType = TICKET_GRANT;
  readonly parameters = ['holder'];
  readonly repeatable = [];
  readonly #parts: FeatureParts<TicketSettings>;

  constructor(parts: FeatureParts<TicketSettings>) {
    this.#parts = parts;
  }

  async handle({ clientId, form }: GrantRequest): Promise<object> {
    const { clock, randomId, settings, state, tables, record } = this.#parts;
    const holder = form.get('holder') ?? '';
    const account = await state.account(holder);
    if (!account?.enabled) throw new OAuthError('invalid_request', 'holder must name an account');
    const number = randomId();
    const row = { number, client: clientId, holder, expires_at: clock() + settings.timeToLive };
    await record({ type: 'tickets.sold', outcome: 'issued', clientId, subject: holder, ticketNumber: number });
    await tables(ticketTable).insert(row);
    return { ticket: number, expires_in: settings.timeToLive };
  }
}
