import type { Migration } from '../migration.js';
import { table } from './table.js';

/** How far each chain of the audit trail has been forwarded, and who does it. */
export const auditForwarding: Migration = {
  version: 3,
  name: '0003-audit-forwarding',
  compatibleFrom: 1,
  async up(transaction) {
    await table(transaction, 'audit_forwarding', ['writer', 'held_by'], ['sequence', 'held_until'])
      .addPrimaryKeyConstraint('audit_forwarding_key', ['writer'])
      .execute();
  },
};
