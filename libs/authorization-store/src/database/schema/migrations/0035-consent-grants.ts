import type { Migration } from '../migration.js';

/** Which grant came of a consent last; null for consents of versions before. */
export const consentGrants: Migration = {
  version: 35,
  name: '0035-consent-grants',
  compatibleFrom: 1,
  async up(transaction) {
    await transaction.schema.alterTable('consents').addColumn('grant_id', 'text').execute();
  },
};
