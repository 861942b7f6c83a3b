import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import type { AuditCheckpointTable, Schema } from '../database/schema/schema.js';
import { firstOf } from '../verification/stored-chains.js';

/** Records that are deleted by one statement. */
const BATCH = 1000;

/**
 * Deletes what stands before the checkpoints of an archive. In batches, from the beginning of each chain, so that whoever is stopped can
 * go on, and with pauses, so that servers get half of the time of the database.
 * @param archive its name; its file is whole
 * @param progress is told how many are deleted by now
 */
export async function pruneArchived(
  database: Kysely<Schema>,
  archive: string,
  progress: (deleted: number) => void,
): Promise<number> {
  let deleted = 0;
  const left = (await leftBehind(database)).filter((each) => each.archive === archive);
  for (const { writer, sequence: last } of left) {
    // asked for once: what was deleted stands in the index of PostgreSQL until a vacuum, and would be read again and again
    const first = await firstOf(database, writer);
    for (let from = first?.sequence ?? Infinity; from <= last; from += BATCH) {
      const begun = performance.now();
      deleted += await deleteRange(database, { writer, from, to: Math.min(last, from + BATCH - 1) });
      progress(deleted);
      await sleep(performance.now() - begun);
    }
  }
  return deleted;
}

type DeletedRange = { readonly writer: string; readonly from: number; readonly to: number };

async function deleteRange(database: Kysely<Schema>, { writer, from, to }: DeletedRange): Promise<number> {
  const { numDeletedRows } = await database
    .deleteFrom('audit_records')
    .where('writer', '=', writer)
    .where('sequence', '>=', from)
    .where('sequence', '<=', to)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

type Left = Pick<AuditCheckpointTable, 'writer' | 'sequence' | 'archive'>;

/** The checkpoints before which there still are records. */
export async function leftBehind(database: Kysely<Schema>): Promise<Left[]> {
  return database
    .selectFrom('audit_checkpoints as c')
    .select(['c.writer', 'c.sequence', 'c.archive'])
    .where(sql<boolean>`exists (select 1 from audit_records r where r.writer = c.writer and r.sequence <= c.sequence)`)
    .orderBy('c.writer')
    .execute();
}
