import { sql } from 'kysely';
import type { Migration } from '../migration.js';
import { table } from './table.js';

/**
 * The lives of clients and users, and the tokens of each. Those that are under way when lives begin to be counted get number 0; who
 * was signed out before then gets another, so that what it held does not come back.
 */
export const lives: Migration = {
  version: 6,
  name: '0006-lives',
  compatibleFrom: 1,
  async up(transaction) {
    await table(transaction, 'lives', ['kind', 'id', 'credential?'], ['life'])
      .addPrimaryKeyConstraint('lives_key', ['kind', 'id'])
      .execute();
    for (const column of ['subject_life', 'client_life']) {
      await transaction.schema.alterTable('tokens').addColumn(column, 'bigint').execute();
    }
    await transaction.schema.alterTable('revocation_marks').addColumn('life', 'bigint').execute();
    await transaction
      .insertInto('counters')
      .values([
        { name: 'lives', value: 0 },
        { name: 'generation', value: 0 },
      ])
      .execute();
    await sql`insert into lives (kind, id, life) select kind, id, -1 from registrations
      where kind in ('client', 'user') and document like '%"signedOutAt":%'`.execute(transaction);
  },
};
