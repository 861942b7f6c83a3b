import type { Migration } from '../migration.js';

/** A table that stays empty and is locked: by who inserts tokens, against who revokes. Nothing else, a vacuum least, waits for it. */
export const revocationLock: Migration = {
  version: 5,
  name: '0005-revocation-lock',
  compatibleFrom: 1,
  async up(transaction) {
    await transaction.schema.createTable('revocation_lock').addColumn('nothing', 'integer').execute();
  },
};
