import type { Migration } from '../migration.js';
import { index, table } from './table.js';

/** What users let clients do, and the grants that end when they take it back. */
export const consents: Migration = {
  version: 13,
  name: '0013-consents',
  compatibleFrom: 1,
  async up(transaction) {
    const texts = ['subject', 'client_id', 'kind', 'audience', 'scope'];
    await table(transaction, 'consents', texts, ['subject_life', 'client_life', 'given_at', 'expires_at'])
      .addPrimaryKeyConstraint('consents_key', texts)
      .execute();
    await table(transaction, 'consented_grants', ['grant_id', 'subject', 'client_id'], ['expires_at'])
      .addPrimaryKeyConstraint('consented_grants_key', ['grant_id'])
      .execute();
    await index(transaction, 'consents', 'client_id');
    await index(transaction, 'consents', 'expires_at');
    await index(transaction, 'consented_grants', 'subject', 'client_id');
    await index(transaction, 'consented_grants', 'client_id');
    await index(transaction, 'consented_grants', 'expires_at');
  },
};
