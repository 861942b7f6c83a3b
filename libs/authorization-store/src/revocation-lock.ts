import { CompiledQuery, sql, type Kysely, type Transaction } from 'kysely';
import type { Dialect } from './database/migrate.js';
import type { Schema } from './database/schema.js';

/** Key of an advisory lock of PostgreSQL; any constant that nobody else uses will do. */
const REVOCATION = 8_693_000_002;

/** One round trip for both. The lock is a statement before the others, which then see what was revoked while it was waited for. */
const BEGIN = CompiledQuery.raw(`begin; select pg_advisory_xact_lock_shared(${REVOCATION})`);

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
  if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${REVOCATION})`.execute(work);
}
