import { sql } from 'kysely';
import type { Migration } from '../migration.js';
import { index, table } from './table.js';

/**
 * Records with fewer and shorter indexes. The clients that a person has used have a table, which outlives the records; a client that
 * was used through a replica of the version before is in it from its next use on. What is found by a person is found by time, from
 * the begin of the life of the account on.
 */
export const cheaperRecords: Migration = {
  version: 36,
  name: '0036-cheaper-records',
  compatibleFrom: 1,
  async up(transaction) {
    await table(transaction, 'used_clients', ['subject', 'client_id'], ['subject_life'])
      .addPrimaryKeyConstraint('used_clients_key', ['subject', 'subject_life', 'client_id'])
      .execute();
    await sql`insert into used_clients (subject, subject_life, client_id)
      select distinct subject, subject_life, client_id from audit_records
      where subject_life is not null and outcome = 'issued' and subject is not null and client_id is not null`.execute(
      transaction,
    );
    await transaction.schema.alterTable('lives').addColumn('begun_at', 'bigint').execute();
    await sql`update lives set begun_at =
      (select min(at) from audit_records where subject = lives.id and subject_life = lives.life)
      where kind = 'user'`.execute(transaction);
    for (const name of ['account', 'used_client', 'at_writer_sequence']) {
      await sql`drop index ${sql.ref(`audit_records_by_${name}`)}`.execute(transaction);
    }
    await index(transaction, 'audit_records', 'at');
  },
};
