import { sql, type Kysely } from 'kysely';
import type { ArchiveSegment } from '../archive/archive-format.js';
import { BEFORE_FIRST } from '../chain/audit-chain.js';
import { readCheckpoint } from '../chain/checkpoints.js';
import type { Schema } from '../database/schema/schema.js';
import { ARCHIVE_LOST } from '../verification/archive-loss.js';
import { GAP_ACKNOWLEDGED } from '../verification/audit-gap.js';
import { lastOf, recordBefore, writersOf } from '../verification/stored-chains.js';

/** Records that one query looks at. */
const RANGE = 50_000;

/** What verification goes on to need. */
const STAYING: readonly string[] = [GAP_ACKNOWLEDGED, ARCHIVE_LOST];

type WriterPlace = { readonly writer: string; readonly sequence: number };

/**
 * What of each chain can be archived: from its checkpoint, up to the first record that is young, acknowledges what is lost
 * (verification goes on to need it), or has not been forwarded although its chain is.
 * @param before milliseconds since the epoch
 */
export async function planArchive(database: Kysely<Schema>, before: number): Promise<ArchiveSegment[]> {
  const segments: ArchiveSegment[] = [];
  for (const writer of await writersOf(database)) {
    const segment = await segmentOf(database, writer, before);
    if (segment) segments.push(segment);
  }
  return segments;
}

async function segmentOf(
  database: Kysely<Schema>,
  writer: string,
  before: number,
): Promise<ArchiveSegment | undefined> {
  const checkpoint = await readCheckpoint(database, writer);
  const { sequence, hash } = checkpoint ?? BEFORE_FIRST;
  const end = await recordBefore(database, writer, await firstThatStays(database, { writer, sequence }, before));
  if (!end || end.sequence <= sequence) return undefined;
  const segment = { writer, from: sequence + 1, to: end.sequence, after: hash, head: end.hash };
  return checkpoint ? { ...segment, previous: checkpoint.archive } : segment;
}

async function firstThatStays(
  database: Kysely<Schema>,
  { writer, sequence }: WriterPlace,
  before: number,
): Promise<number> {
  const forwarded = await database
    .selectFrom('audit_forwarding')
    .select('sequence')
    .where('writer', '=', writer)
    .executeTakeFirst();
  const end = (forwarded?.sequence ?? (await lastOf(database, writer))) + 1;
  for (const { from, to } of rangesOf(sequence + 1, end)) {
    const { first } = await database
      .selectFrom('audit_records')
      .select((row) => row.fn.min('sequence').as('first'))
      .where('writer', '=', writer)
      .where('sequence', '>=', from)
      .where('sequence', '<=', to)
      .where((row) => row.or([row('at', '>=', before), row('type', 'in', STAYING)]))
      .executeTakeFirstOrThrow();
    if (first !== null) return first;
  }
  return end;
}

/** Long chains are read in parts, so that no query takes long. */
export function* rangesOf(first: number, last: number): Generator<{ readonly from: number; readonly to: number }> {
  for (let from = first; from <= last; from += RANGE) yield { from, to: Math.min(last, from + RANGE - 1) };
}

/** When the oldest record was written that can be archived, in milliseconds since the epoch; `undefined` when there is none. */
export async function oldestRecord(database: Kysely<Schema>): Promise<number | undefined> {
  const row = await database
    .selectFrom('audit_records')
    .select('at')
    .where('type', 'not in', STAYING)
    .orderBy('at')
    .limit(1)
    .executeTakeFirst();
  return row?.at;
}

/** How many records the segments have, the ones that are gone not counted. */
export async function countArchived(database: Kysely<Schema>, segments: readonly ArchiveSegment[]): Promise<number> {
  let count = 0;
  for (const { writer, ...segment } of segments) {
    for (const { from, to } of rangesOf(segment.from, segment.to)) {
      const { rows } = await sql<{ count: number }>`select count(*) as count from audit_records
        where writer = ${writer} and sequence >= ${from} and sequence <= ${to}`.execute(database);
      count += Number(rows[0]?.count ?? 0);
    }
  }
  return count;
}
