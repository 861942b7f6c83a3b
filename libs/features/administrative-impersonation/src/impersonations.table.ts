import { table } from '@onbehalf/authorization-ports';

const described = {
  id: { type: 'text' },
  client: { type: 'text' },
  subject: { type: 'text' },
  audiences: { type: 'text' },
  scopes: { type: 'text' },
  reason: { type: 'text' },
  ticket: { type: 'text', optional: true },
  expires_at: { type: 'integer' },
} as const;

/** Who uses whose account now: one row for each administrator, so that nobody uses two at a time. */
export const liveTable = table({
  name: 'impersonations_live',
  columns: { administrator: { type: 'text' }, ...described, started_at: { type: 'integer' } },
  key: ['administrator'],
  indexes: [['id'], ['subject']],
  expires: 'expires_at',
});

/** Requests that wait for a second person, by exactly what they ask for. */
export const requestTable = table({
  name: 'impersonation_requests',
  columns: {
    fingerprint: { type: 'text' },
    administrator: { type: 'text' },
    ...described,
    asked_at: { type: 'integer' },
    polled_at: { type: 'integer' },
    confirmed_by: { type: 'text', optional: true },
  },
  key: ['fingerprint'],
  indexes: [['id']],
  expires: 'expires_at',
});
