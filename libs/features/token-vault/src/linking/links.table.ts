import { table } from '@onbehalf/authorization-ports';

/**
 * Accounts that are being linked. Links, states and codes stand here as hashes, and what is decided by is sealed and tied to the
 * person, the client and the provider.
 */
export const linksTable = table({
  name: 'token_vault_links',
  columns: {
    link: { type: 'text' },
    subject: { type: 'text' },
    subject_life: { type: 'integer' },
    /** Empty where people do it at this server's own page. */
    client: { type: 'text' },
    provider: { type: 'text' },
    stage: { type: 'text' },
    state: { type: 'text', optional: true },
    code: { type: 'text', optional: true },
    /** {@link LinkDetails} as JSON. */
    details: { type: 'text', sealed: true },
    expires_at: { type: 'integer' },
  },
  key: ['link', 'subject', 'subject_life', 'client', 'provider'],
  indexes: [['state'], ['code']],
  expires: 'expires_at',
});
