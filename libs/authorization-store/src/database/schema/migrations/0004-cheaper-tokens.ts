import { sql } from 'kysely';
import type { Migration } from '../migration.js';

/** What most tokens do not have is not indexed for them, and marks tell when all that they take has been revoked. */
export const cheaperTokens: Migration = {
  version: 4,
  name: '0004-cheaper-tokens',
  compatibleFrom: 1,
  async up(transaction) {
    for (const columns of [['session_id'], ['grant_id'], ['revocation', 'iss', 'jti']]) {
      const [first] = columns as [string];
      const name = sql.ref(`tokens_by_${columns.join('_')}`);
      await sql`drop index ${name}`.execute(transaction);
      await sql`create index ${name} on tokens (${sql.join(columns.map((column) => sql.ref(column)))})
        where ${sql.ref(first)} is not null`.execute(transaction);
    }
    const marks = transaction.schema.alterTable('revocation_marks');
    await marks.addColumn('applied_at', 'bigint').execute();
    await marks.addColumn('round', 'bigint', (column) => column.notNull().defaultTo(0)).execute();
    await sql`create index revocation_marks_open on revocation_marks (kind) where applied_at is null`.execute(
      transaction,
    );
  },
};
