import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { AuditCheckpointTable, Schema } from '../database/schema/schema.js';
import { firstOf } from '../verification/stored-chains.js';

/** Records that are deleted by one statement. */
const BATCH = 1000;

/**
 * Deletes what stands before the checkpoints of an archive. In batches, from the beginning of each chain, so that whoever is stopped can
 * go on, and with pauses, so that servers get half of the time of the database.
 * @param archive its name; its file is whole
 * @param progress is told how many are deleted by now, and waited for
 */
export async function pruneArchived(
  database: Kysely<Schema>,
  archive: string,
  progress: (deleted: number) => void | Promise<void>,
): Promise<number> {
  let deleted = 0;
  const left = (await leftBehind(database)).filter((each) => each.archive === archive);
  for (const checkpoint of left) {
    const { writer, sequence: last } = checkpoint;
    // asked for once: what was deleted stands in the index of PostgreSQL until a vacuum, and would be read again and again
    const first = await firstOf(database, writer);
    for (let from = first?.sequence ?? Infinity; from <= last; from += BATCH) {
      const begun = performance.now();
      deleted += await deleteRange(database, checkpoint, { from, to: Math.min(last, from + BATCH - 1) });
      await progress(deleted);
      await sleep(performance.now() - begun);
    }
  }
  return deleted;
}

type DeletedRange = { readonly from: number; readonly to: number };

async function deleteRange(database: Kysely<Schema>, checkpoint: Left, { from, to }: DeletedRange): Promise<number> {
  return database.transaction().execute(async (work) => {
    await holdCheckpoint(work, checkpoint);
    const { numDeletedRows } = await work
      .deleteFrom('audit_records')
      .where('writer', '=', checkpoint.writer)
      .where('sequence', '>=', from)
      .where('sequence', '<=', to)
      .executeTakeFirst();
    return Number(numDeletedRows);
  });
}

/** Where a chain goes on, although records before are still there. */
export type Left = Pick<AuditCheckpointTable, 'writer' | 'sequence' | 'archive'>;

/** The checkpoints before which there still are records. */
export async function leftBehind(database: Kysely<Schema>): Promise<Left[]> {
  return database
    .selectFrom('audit_checkpoints as c')
    .select(['c.writer', 'c.sequence', 'c.archive'])
    .where(sql<boolean>`exists (select 1 from audit_records r where r.writer = c.writer and r.sequence <= c.sequence)`)
    .orderBy('c.writer')
    .execute();
}

/**
 * Nobody else moves the checkpoint until the end of the transaction.
 * @throws when somebody has
 */
export async function holdCheckpoint(work: Transaction<Schema>, { writer, sequence, archive }: Left): Promise<void> {
  const { numUpdatedRows } = await work
    .updateTable('audit_checkpoints')
    .set({ archive })
    .where('writer', '=', writer)
    .where('sequence', '=', sequence)
    .where('archive', '=', archive)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Error('another run has changed where the trail goes on: run it again');
}
