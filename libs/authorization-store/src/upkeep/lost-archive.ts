import type { Kysely, Transaction } from 'kysely';
import type { WriterHead } from '../chain/audit-chain.js';
import { isAt, readCheckpoint, sealedCheckpoint } from '../chain/checkpoints.js';
import { storedRecords, wholeRecord } from '../chain/stored-records.js';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { RecordWriter } from '../tokens/record-writer.js';
import { ARCHIVE_LOST, archiveLossIn, type ArchiveLoss } from '../verification/archive-loss.js';
import { acknowledgementEvent, type Acknowledgement, type AuditGap } from '../verification/audit-gap.js';
import { firstOf } from '../verification/stored-chains.js';
import { holdCheckpoint } from './pruning.js';

/** An archive whose file is lost for good, as a verification has found it. */
export interface LostArchive {
  /** Its name in the trail. */
  readonly archive: string;
  /** What is gone with it. */
  readonly gaps: readonly AuditGap[];
  /** The places before the first of its records that the database still has of each chain. */
  readonly left: readonly WriterHead[];
}

interface Trail {
  readonly records: RecordWriter;
  readonly sealing: SealingKeys;
}

/**
 * Records that an archive is lost, and what is gone with it. Records of it that the database still has are part of the trail again, so
 * that the next archive takes them.
 * @throws when records of it were deleted since it was verified
 */
export async function giveUpArchive(
  { records, sealing }: Trail,
  { archive, gaps, left }: LostArchive,
  { by, reason }: Acknowledgement,
): Promise<void> {
  await records.change(async (work, tell) => {
    for (const place of left) await moveBack(work, archive, place, sealing);
    const loss: ArchiveLoss = { archive, goesOn: left.map(({ writer, sequence }) => ({ writer, sequence })) };
    tell({ type: ARCHIVE_LOST, outcome: 'accepted', operator: by, statedReason: reason, chains: gaps.length, ...loss });
    for (const gap of gaps) tell(acknowledgementEvent(gap, { by, reason }));
  });
}

/** Whether an archive is on record as lost. */
export async function isGivenUp(database: Kysely<Schema>, archive: string): Promise<boolean> {
  const rows = await storedRecords(database)
    .where('type', '=', ARCHIVE_LOST)
    // only then the index of types is used
    .where('type', '<>', 'token_exchange')
    .execute();
  const losses = rows.map((row) => archiveLossIn(JSON.parse(wholeRecord(row).event) as Record<string, unknown>));
  return losses.some((loss) => loss?.archive === archive);
}

/** The chain goes on behind what is gone, or is whole again. */
async function moveBack(
  work: Transaction<Schema>,
  archive: string,
  place: WriterHead,
  sealing: SealingKeys,
): Promise<void> {
  const { writer } = place;
  const checkpoint = await readCheckpoint(work, writer);
  await holdCheckpoint(work, { writer, sequence: checkpoint?.sequence ?? place.sequence, archive });
  const first = await firstOf(work, writer);
  const isThere = first && isAt(place, { sequence: first.sequence - 1, hash: first.previous_hash });
  if (!isThere) throw new Error('records were deleted meanwhile: run it again');
  if (first.sequence === 0) await work.deleteFrom('audit_checkpoints').where('writer', '=', writer).execute();
  else {
    const moved = sealedCheckpoint({ ...place, archive }, sealing);
    await work.updateTable('audit_checkpoints').set(moved).where('writer', '=', writer).execute();
  }
}
