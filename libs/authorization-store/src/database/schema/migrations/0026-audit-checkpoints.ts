import type { Migration } from '../migration.js';
import { table } from './table.js';

/** Where each chain of the audit trail goes on after what was archived. */
export const auditCheckpoints: Migration = {
  version: 26,
  name: '0026-audit-checkpoints',
  compatibleFrom: 1,
  async up(transaction) {
    await table(transaction, 'audit_checkpoints', ['writer', 'hash', 'archive', 'seal', 'sealed_with'], ['sequence'])
      .addPrimaryKeyConstraint('audit_checkpoints_key', ['writer'])
      .execute();
  },
};
