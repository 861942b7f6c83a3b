import type { Migration } from '../migration.js';
import { table } from './table.js';

/** Which chain of the audit trail has the head of which other one in its first record. */
export const auditWitnesses: Migration = {
  version: 25,
  name: '0025-audit-witnesses',
  compatibleFrom: 1,
  async up(transaction) {
    await table(transaction, 'audit_witnesses', ['writer', 'hash', 'witness', 'seal', 'sealed_with'], ['sequence'])
      .addPrimaryKeyConstraint('audit_witnesses_key', ['writer'])
      .execute();
  },
};
