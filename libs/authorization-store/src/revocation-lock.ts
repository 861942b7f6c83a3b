import { sql, type Transaction } from 'kysely';
import type { Dialect } from './database/migrate.js';
import type { Schema } from './database/schema.js';

/** Key of an advisory lock of PostgreSQL; any constant that nobody else uses will do. */
const REVOCATION = 8_693_000_002;

/**
 * Until the transaction ends, nothing becomes revoked. Whoever inserts tokens holds this while it looks whether what they
 * derive from is revoked: a revocation then finds the new rows, or its mark is found. A transaction of SQLite has the
 * database for itself anyway.
 */
export async function excludeRevocations(work: Transaction<Schema>, dialect: Dialect): Promise<void> {
  if (dialect === 'postgres') await sql`select pg_advisory_xact_lock_shared(${REVOCATION})`.execute(work);
}

/** Waits for the tokens that are being inserted, and keeps others from being so until the transaction ends. */
export async function excludeInsertions(work: Transaction<Schema>, dialect: Dialect): Promise<void> {
  if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${REVOCATION})`.execute(work);
}
