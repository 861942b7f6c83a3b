import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import { countRows, tableNames } from '../database/schema/table-names.js';
import type { SqliteSource, StoredRow } from './sqlite-source.js';

type Write = (line: string) => void;

/** What a database says of itself: each has its own. */
const OWN = ['schema_migrations', 'declarations', 'store_state'];

/** Rows from which on the counting begins; they are there as soon as the table is. */
const COUNTERS = 'counters';

/** Rows of one statement, and rows after which the progress is told. */
const PAGE = 500;
const TOLD_EVERY = 50_000;

/** The tables that move. */
export function movingTables(source: SqliteSource): readonly string[] {
  return source.tables.filter((table) => !OWN.includes(table));
}

/**
 * @param shown the address of the target, to be told
 * @throws ConfigurationError when one of the tables is there and has rows
 */
export async function checkEmpty(target: Kysely<Schema>, tables: readonly string[], shown: string): Promise<void> {
  const there = new Set(await tableNames(target, 'postgres'));
  for (const table of tables.filter((name) => there.has(name) && name !== COUNTERS)) {
    const rows = await countRows(target, table);
    if (rows === 0) continue;
    throw new ConfigurationError('DATABASE_URL', shown, `an empty database: ${table} has ${rows} rows`);
  }
}

/** @throws ConfigurationError for a table that the target does not have, because nobody has declared it */
export async function checkKnown(target: Kysely<Schema>, tables: readonly string[]): Promise<void> {
  const there = await tableNames(target, 'postgres');
  const unknown = tables.find((table) => !there.includes(table));
  if (unknown === undefined) return;
  const accepted =
    'a file with the tables of this server and its features alone: drop what somebody else has put in it';
  throw new ConfigurationError('--from', `the table ${unknown}`, accepted);
}

/** Keeps everybody out until the transaction has ended. */
export async function lockTables(work: Transaction<Schema>, tables: readonly string[]): Promise<void> {
  await sql`lock table ${sql.join(tables.map((table) => sql.table(table)))} in access exclusive mode`.execute(work);
}

/**
 * Copies every row of the tables.
 * @returns how many rows
 * @throws ConfigurationError for a column that the target does not have
 */
export async function moveRows(
  source: SqliteSource,
  work: Transaction<Schema>,
  tables: readonly string[],
  write: Write,
): Promise<number> {
  let moved = 0;
  for (const table of tables) moved += await moveTable(source, work, table, write);
  return moved;
}

async function moveTable(source: SqliteSource, work: Transaction<Schema>, table: string, write: Write) {
  const columns = source.columns(table);
  await checkColumns(work, table, columns);
  const bytes = source.columnOfBytes(table);
  if (bytes !== undefined)
    throw new ConfigurationError('--from', `the column ${bytes} of ${table}`, 'texts and numbers');
  const total = source.count(table);
  let moved = 0;
  try {
    for (const page of source.pages(table, PAGE)) {
      await insert(work, table, columns, page);
      moved += page.length;
      if (moved % TOLD_EVERY === 0 && moved < total) write(`${table}: ${moved} of ${total} rows`);
    }
  } catch (error) {
    throw isMisfit(error) ? new ConfigurationError('--from', `a row of ${table}`, accepted(error)) : error;
  }
  const stored = await countRows(work, table);
  if (stored !== total) throw new Error(`${table} has ${stored} rows after ${total} were moved`);
  if (total > 0) write(`${table}: ${total} rows`);
  return total;
}

/** Of the classes "data exception" and "integrity constraint violation" of PostgreSQL, or a number that JavaScript does not have. */
function isMisfit(error: unknown): error is Error {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && /^(?:2[23]...|ERR_OUT_OF_RANGE)$/.test(code);
}

function accepted({ message }: Error): string {
  return `rows that PostgreSQL can hold (${message})`;
}

async function insert(
  work: Transaction<Schema>,
  table: string,
  columns: readonly string[],
  rows: readonly StoredRow[],
) {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const conflict = table === COUNTERS ? sql`on conflict (name) do update set value = excluded.value` : sql``;
  await sql`insert into ${sql.table(table)} (${names})
    select ${names} from json_populate_recordset(null::${sql.table(table)}, cast(${JSON.stringify(rows)} as json))
    ${conflict}`.execute(work);
}

async function checkColumns(work: Transaction<Schema>, table: string, columns: readonly string[]): Promise<void> {
  const { rows } = await sql<{ name: string }>`select attname as name from pg_attribute
    where attrelid = to_regclass(${table}) and attnum > 0 and not attisdropped`.execute(work);
  const known = rows.map(({ name }) => name);
  const unknown = columns.find((column) => !known.includes(column));
  if (unknown === undefined) return;
  const accepted = 'a database of this version and its features, without tables and columns of others';
  throw new ConfigurationError('--from', `the column ${unknown} of ${table}`, accepted);
}
