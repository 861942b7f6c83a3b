import { sql } from 'kysely';
import type { Migration } from '../migration.js';

/** What is revoked together is read page by page, in the order of its names: no page sorts all that is left. */
export const revocationPages: Migration = {
  version: 10,
  name: '0010-revocation-pages',
  compatibleFrom: 1,
  async up(transaction) {
    for (const columns of [['client_id'], ['subject'], ['session_id'], ['grant_id'], ['parent_iss', 'parent_jti']]) {
      const named = (all: readonly string[]) => sql.ref(`tokens_by_${all.join('_')}`);
      const inOrder = [...columns, 'iss', 'jti'];
      await sql`drop index ${named(columns)}`.execute(transaction);
      const few = ['session_id', 'grant_id'].includes(columns[0]!)
        ? sql`where ${sql.ref(columns[0]!)} is not null`
        : sql``;
      await sql`create index ${named(inOrder)} on tokens (${sql.join(inOrder.map((column) => sql.ref(column)))})
        ${few}`.execute(transaction);
    }
  },
};
