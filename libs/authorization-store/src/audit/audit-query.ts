import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditPage, AuditQuery, AuditRecord } from '@onbehalf/authorization-ports';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { CLOCKS_APART } from '../database/database-clock.js';
import type { Cursors } from '../database/epoch/cursor.js';
import type { Schema } from '../database/schema/schema.js';
import { indexable } from '../database/statements/hash.js';
import { listed, type SearchColumns } from '../chain/search-columns.js';
import { eventIn, storedRecords, wholeRecord, type StoredRecord, type WholeRecord } from '../chain/stored-records.js';

const DEFAULT_LIMIT = 100;
const LIMIT = 1000;
const COLUMNS = {
  type: 'type',
  outcome: 'outcome',
  client: 'client_id',
  subject: 'subject',
  actor: 'actor',
  traceId: 'trace_id',
} as const;

/** Has no entry in the index of types; to all others, the database has to be told that they do. */
const MOST_COMMON = 'token_exchange';

/** What a trail is read by. */
export interface ReadTrail {
  readonly database: Kysely<Schema>;
  readonly columns: SearchColumns;
  readonly cursors: Cursors;
}

/** @throws InvalidCursor */
export async function queryAudit(trail: ReadTrail, query: AuditQuery): Promise<AuditPage> {
  const limit = Math.min(Math.max(query.limit ?? DEFAULT_LIMIT, 1), LIMIT);
  return readPage(trail, { query, limit }, { direction: 'desc', after: sql`<` });
}

/** All records that match, the oldest first, read page by page. */
export async function* exportAudit(trail: ReadTrail, query: Omit<AuditQuery, 'limit'>): AsyncGenerator<AuditRecord> {
  let { cursor } = query;
  do {
    const from: AuditQuery = cursor === undefined ? query : { ...query, cursor };
    const page = await readPage(trail, { query: from, limit: LIMIT }, { direction: 'asc', after: sql`>` });
    yield* page.records;
    // SQLite answers at once: without this, nobody else would have a turn until the end
    await nextTurn();
    cursor = page.cursor;
  } while (cursor !== undefined);
}

async function readPage(
  { database, columns, cursors }: ReadTrail,
  { query, limit }: { readonly query: AuditQuery; readonly limit: number },
  { direction, after }: { direction: 'asc' | 'desc'; after: RawBuilder<unknown> },
): Promise<AuditPage> {
  const epoch = await cursors.now();
  let select = matching(database, query, columns);
  if (query.cursor !== undefined) {
    const [at, writer, sequence] = epoch.decode<[number, string, number]>(query.cursor, ['number', 'string', 'number']);
    select = select.where(sql<boolean>`(at, writer, sequence) ${after} (${at}, ${writer}, ${sequence})`);
  }
  const rows = await select
    .orderBy('at', direction)
    .orderBy('writer', direction)
    .orderBy('sequence', direction)
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const next = last && { cursor: epoch.encode([last.at, last.writer, last.sequence]) };
  return { records: page.map(toAuditRecord), ...next };
}

function matching(database: Kysely<Schema>, query: AuditQuery, columns: SearchColumns) {
  let select = storedRecords(database);
  for (const [name, column] of Object.entries(COLUMNS)) {
    const value = query[name as keyof typeof COLUMNS];
    if (value !== undefined) select = select.where(column, '=', indexable(value));
  }
  for (const [name, value] of Object.entries(query.fields ?? {})) {
    if (value === undefined) continue;
    select = select.where(holds(columns, name, value));
  }
  const { type, from, to, subjectLife } = query;
  if (subjectLife !== undefined) {
    select = select.where('subject_life', '=', subjectLife).where(sql<boolean>`at >= ${beginOf(query)}`);
  }
  if (type !== undefined && type !== MOST_COMMON) select = select.where(sql<boolean>`type <> 'token_exchange'`);
  if (query.jti !== undefined) {
    const jti = indexable(query.jti);
    select = select.where((row) => row.or([row('jti', '=', jti), row('parent_jti', '=', jti)]));
  }
  if (from) select = select.where('at', '>=', from.getTime());
  if (to) select = select.where('at', '<', to.getTime());
  return select;
}

/** When the earliest record of a life may be: those of lives before it, of which there may be many, are not read. */
function beginOf({ subject, subjectLife }: AuditQuery): RawBuilder<number> {
  const life = sql`select begun_at from lives where kind = 'user' and id = ${subject} and life = ${subjectLife}`;
  return sql`coalesce((${life}), 0) - ${sql.lit(CLOCKS_APART)}`;
}

/** Whether a declared field has a value, or one of the lists that are found by it holds the value. */
function holds(columns: SearchColumns, field: string, value: string): RawBuilder<boolean> {
  const column = columns.columnOf(field);
  if (column === undefined) throw new TypeError(`Records are not searched by ${field}`);
  const lists = columns.listsOf(field).map((each) => {
    // both databases replace by case, while LIKE of SQLite does not tell A from a
    const without = sql`replace(${sql.ref(each)}, ${listed(value)}, '')`;
    return sql`(${sql.ref(each)} is not null and ${without} <> ${sql.ref(each)})`;
  });
  return sql<boolean>`(${sql.join([sql`${sql.ref(column)} = ${indexable(value)}`, ...lists], sql` or `)})`;
}

/** The record at one place of the trail, if there is one. */
export async function findAuditRecord(
  database: Kysely<Schema>,
  writer: string,
  sequence: number,
): Promise<AuditRecord | undefined> {
  const row = await storedRecords(database)
    .where('writer', '=', writer)
    .where('sequence', '=', sequence)
    .executeTakeFirst();
  return row && toAuditRecord(row);
}

/** A record that cannot be read says so in place of its event, and hides no other. */
export function toAuditRecord(stored: StoredRecord): AuditRecord {
  const row = wholeRecord(stored);
  return auditRecord(row, eventIn(row.event) ?? { type: row.type, unreadable: row.event });
}

/** A record with what was read in it. */
export function auditRecord(row: WholeRecord, event: AuditRecord['event']): AuditRecord {
  return {
    writer: row.writer,
    sequence: row.sequence,
    at: new Date(row.at).toISOString(),
    previousHash: row.previous_hash,
    hash: row.hash,
    event,
  };
}
