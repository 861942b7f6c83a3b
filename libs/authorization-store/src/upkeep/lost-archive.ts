import type { Transaction } from 'kysely';
import { sealedCheckpoint } from '../chain/checkpoints.js';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { RecordWriter } from '../tokens/record-writer.js';
import { acknowledgementEvent, type Acknowledgement, type AuditGap } from '../verification/audit-gap.js';
import { firstOf } from '../verification/stored-chains.js';
import { holdCheckpoint, leftBehind, type Left } from './pruning.js';

/** An archive whose file is lost for good. */
export interface LostArchive {
  /** Its name in the trail. */
  readonly archive: string;
  /** What is gone with it. */
  readonly gaps: readonly AuditGap[];
}

/** The event that tells of such an archive. */
export const ARCHIVE_LOST = 'audit_archive_lost';

interface Trail {
  readonly records: RecordWriter;
  readonly sealing: SealingKeys;
}

/**
 * Records that an archive is lost, and what is gone with it. Records of it that the database still has are part of the trail again, so
 * that the next archive takes them.
 */
export async function giveUpArchive(
  { records, sealing }: Trail,
  { archive, gaps }: LostArchive,
  { by, reason }: Acknowledgement,
): Promise<void> {
  await records.change(async (work, tell) => {
    const left = (await leftBehind(work)).filter((each) => each.archive === archive);
    for (const each of left) {
      await moveBack(
        work,
        each,
        gaps.find(({ writer }) => writer === each.writer),
        sealing,
      );
    }
    tell({ type: ARCHIVE_LOST, outcome: 'accepted', operator: by, statedReason: reason, archive, chains: gaps.length });
    for (const gap of gaps) tell(acknowledgementEvent(gap, { by, reason }));
  });
}

/** The chain goes on behind what is gone, or is whole again. */
async function moveBack(
  work: Transaction<Schema>,
  { writer, sequence, archive }: Left,
  gap: AuditGap | undefined,
  sealing: SealingKeys,
): Promise<void> {
  await holdCheckpoint(work, { writer, sequence, archive });
  const first = (await firstOf(work, writer))!;
  const [last, hash] = [first.sequence - 1, first.previous_hash];
  if (gap && (gap.to !== last || gap.lost !== hash)) throw new Error('records were deleted meanwhile: run it again');
  if (last < 0) await work.deleteFrom('audit_checkpoints').where('writer', '=', writer).execute();
  else {
    const checkpoint = sealedCheckpoint({ writer, sequence: last, hash, archive }, sealing);
    await work.updateTable('audit_checkpoints').set(checkpoint).where('writer', '=', writer).execute();
  }
}
