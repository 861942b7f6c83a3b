import { CompiledQuery, sql, type Kysely, type Transaction } from 'kysely';
import type { Dialect } from '../database/schema/migrate.js';
import type { Schema } from '../database/schema/schema.js';

/**
 * Whoever inserts tokens shares this lock, whoever makes a mark has it alone. A statement takes the locks of its tables before
 * it looks at what is in them, so that one that has waited sees the mark; an advisory lock would be taken while it looks.
 */
const TABLE = sql.table('revocation_lock');

/** Takes the lock for the statement that it is a part of; it finds nothing, and touches no row. */
export const EXCLUDING_REVOCATIONS = sql`select 1 from ${TABLE} where false for share`;

/** One round trip for both. */
const BEGIN = CompiledQuery.raw('begin; lock table revocation_lock in row share mode');

/**
 * Runs a transaction during which nothing becomes revoked. Whoever inserts tokens looks in it whether what they derive from
 * is revoked: a revocation then finds the new rows, or its mark is found. A transaction of SQLite has the database for
 * itself anyway.
 */
export function excludingRevocations<Result>(
  database: Kysely<Schema>,
  dialect: Dialect,
  work: (transaction: Transaction<Schema>) => Promise<Result>,
): Promise<Result> {
  if (dialect === 'sqlite') return database.transaction().execute(work);
  return database.connection().execute(async (connection) => {
    try {
      await connection.executeQuery(BEGIN);
      const result = await work(connection as Transaction<Schema>);
      await commit(connection);
      return result;
    } catch (error) {
      await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => undefined);
      throw error;
    }
  });
}

async function commit(connection: Kysely<Schema>): Promise<void> {
  const { rows } = await connection.executeQuery<{ command?: string }>(CompiledQuery.raw('commit'));
  // so PostgreSQL answers where a statement has failed
  if (rows[0]?.command === 'ROLLBACK') throw new Error('the transaction was rolled back');
}

/** Waits for the tokens that are being inserted, and keeps others from being so until the transaction ends. */
export async function excludeInsertions(work: Transaction<Schema>, dialect: Dialect): Promise<void> {
  if (dialect === 'postgres') await sql`lock table ${TABLE} in exclusive mode`.execute(work);
}
