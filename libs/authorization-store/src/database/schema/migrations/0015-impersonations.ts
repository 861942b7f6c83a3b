import type { Migration } from '../migration.js';

/** Which impersonation a token is of, as JSON; null for tokens that are of none, and for those of versions before. */
export const impersonations: Migration = {
  version: 15,
  name: '0015-impersonations',
  compatibleFrom: 1,
  async up(transaction) {
    await transaction.schema.alterTable('tokens').addColumn('impersonation', 'text').execute();
  },
};
