import { table } from '@onbehalf/authorization-ports';

/**
 * The accounts that users have linked, one of each provider. What is sealed is tied to the person, its life and the provider, so that
 * no row can be given the tokens of another one.
 */
export const linkedAccountsTable = table({
  name: 'token_vault_accounts',
  columns: {
    subject: { type: 'text' },
    subject_life: { type: 'integer' },
    provider: { type: 'text' },
    id: { type: 'text' },
    /** What the provider knows the account by, and what its holder does. */
    account: { type: 'text' },
    label: { type: 'text' },
    scopes: { type: 'text' },
    /** {@link Credentials} as JSON. */
    credentials: { type: 'text', sealed: true },
    /** Grows with each change of the credentials. */
    generation: { type: 'integer' },
    status: { type: 'text' },
    access_expires_at: { type: 'integer', optional: true },
    refresh_expires_at: { type: 'integer', optional: true },
    linked_at: { type: 'integer' },
    refreshed_at: { type: 'integer', optional: true },
    used_at: { type: 'integer', optional: true },
    /** What went wrong at the last refresh; no token and no text of the provider. */
    last_error: { type: 'text', optional: true },
    /** Who refreshes now, and until when nobody else does. */
    refresher: { type: 'text', optional: true },
    refresher_until: { type: 'integer', optional: true },
    /** Until then the provider is not asked again. */
    retry_at: { type: 'integer', optional: true },
    /** When it is forgotten. */
    ends_at: { type: 'integer' },
  },
  key: ['subject', 'subject_life', 'provider'],
  indexes: [['id'], ['provider', 'status']],
  expires: 'ends_at',
});
