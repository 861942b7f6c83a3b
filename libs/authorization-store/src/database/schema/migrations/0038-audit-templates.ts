import type { Migration } from '../migration.js';
import { table } from './table.js';

/** What records of one kind have in common is stored once; versions before this one cannot read them. */
export const auditTemplates: Migration = {
  version: 38,
  name: '0038-audit-templates',
  compatibleFrom: 1,
  finallyFrom: 38,
  async up(transaction) {
    await table(transaction, 'audit_templates', ['text'], ['number', 'stored_at'])
      .addPrimaryKeyConstraint('audit_templates_key', ['number'])
      .execute();
    await transaction.schema.alterTable('audit_records').addColumn('template', 'bigint').execute();
  },
};
