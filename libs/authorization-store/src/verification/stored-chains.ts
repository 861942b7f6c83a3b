import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql, type Kysely, type Selectable } from 'kysely';
import type { ChainHead } from '../chain/audit-chain.js';
import { storedRecords, wholeRecord, type WholeRecord } from '../chain/stored-records.js';
import type { AuditHeadTable, Schema } from '../database/schema/schema.js';

export type RecordRow = WholeRecord;
export type HeadRow = Selectable<AuditHeadTable>;

const PAGE = 1000;

/** The names of all chains of which anything is there, in order. */
export async function writersOf(database: Kysely<Schema>): Promise<string[]> {
  const heads = await database.selectFrom('audit_heads').select('writer').execute();
  // looks each up once, however many records there are
  const { rows } = await sql<{ writer: string }>`
    with recursive found (writer) as (
      select min(writer) from audit_records
      union all
      select (select min(writer) from audit_records where writer > found.writer) from found where found.writer is not null
    )
    select writer from found where writer is not null`.execute(database);
  const archived = await database.selectFrom('audit_checkpoints').select('writer').execute();
  return [...new Set([...heads, ...rows, ...archived].map((row) => row.writer))].sort();
}

export async function readHead(database: Kysely<Schema>, writer: string): Promise<HeadRow | undefined> {
  return database.selectFrom('audit_heads').selectAll().where('writer', '=', writer).executeTakeFirst();
}

/** The first record of a chain that is there: where it is, and the hash of the one before. */
export async function firstOf(
  database: Kysely<Schema>,
  writer: string,
): Promise<Pick<RecordRow, 'sequence' | 'previous_hash'> | undefined> {
  return database
    .selectFrom('audit_records')
    .select(['sequence', 'previous_hash'])
    .where('writer', '=', writer)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst();
}

/** The last sequence of a chain; -1 when there is no record. */
export async function lastOf(database: Kysely<Schema>, writer: string): Promise<number> {
  const { last } = await database
    .selectFrom('audit_records')
    .select((expression) => expression.fn.max('sequence').as('last'))
    .where('writer', '=', writer)
    .executeTakeFirstOrThrow();
  return last ?? -1;
}

/** The hash of one record. */
export async function hashAt(database: Kysely<Schema>, writer: string, sequence: number): Promise<string | undefined> {
  const row = await database
    .selectFrom('audit_records')
    .select('hash')
    .where('writer', '=', writer)
    .where('sequence', '=', sequence)
    .executeTakeFirst();
  return row?.hash;
}

/** The last record of a chain before a place. */
export async function recordBefore(
  database: Kysely<Schema>,
  writer: string,
  sequence: number,
): Promise<ChainHead | undefined> {
  return database
    .selectFrom('audit_records')
    .select(['sequence', 'hash'])
    .where('writer', '=', writer)
    .where('sequence', '<', sequence)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The numbers of the templates that records of a range use. */
export async function templatesIn(
  database: Kysely<Schema>,
  { writer, after, last }: Required<Range>,
): Promise<number[]> {
  const rows = await database
    .selectFrom('audit_records')
    .select('template')
    .distinct()
    .where('writer', '=', writer)
    .where('sequence', '>', after)
    .where('sequence', '<=', last)
    .where('template', 'is not', null)
    .execute();
  return rows.flatMap(({ template }) => template ?? []);
}

/** Some of the records of a chain. */
export interface Range {
  readonly writer: string;
  /** The place before the first one; all from the beginning unless told. */
  readonly after?: number;
  /** The last one. */
  readonly last: number;
}

/** The records of a chain between two places, in their order. */
export async function* pagesOf(
  database: Kysely<Schema>,
  { writer, last, ...range }: Range,
): AsyncGenerator<RecordRow[]> {
  let { after = Number.MIN_SAFE_INTEGER } = range;
  for (;;) {
    const stored = await storedRecords(database)
      .where('writer', '=', writer)
      .where('sequence', '>', after)
      .where('sequence', '<=', last)
      .orderBy('sequence')
      .limit(PAGE)
      .execute();
    const page = stored.map(wholeRecord);
    yield page;
    // SQLite answers at once: without this, nobody else would have a turn until the end
    await nextTurn();
    const end = page.at(-1);
    if (page.length < PAGE || !end) return;
    after = end.sequence;
  }
}
