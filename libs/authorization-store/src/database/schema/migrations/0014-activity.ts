import { sql } from 'kysely';
import type { Migration } from '../migration.js';

/** What was exchanged on behalf of a user is found by the user and the life of the account, and which clients did it. */
export const activity: Migration = {
  version: 14,
  name: '0014-activity',
  compatibleFrom: 1,
  async up(transaction) {
    await transaction.schema.alterTable('audit_records').addColumn('subject_life', 'bigint').execute();
    await sql`create index audit_records_by_account on audit_records (subject, subject_life, at, writer, sequence)
      where subject_life is not null`.execute(transaction);
    await sql`create index audit_records_by_used_client on audit_records (subject, subject_life, client_id)
      where subject_life is not null and outcome = 'issued'`.execute(transaction);
  },
};
