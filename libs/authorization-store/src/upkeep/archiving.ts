import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Kysely, Transaction } from 'kysely';
import type { ArchiveSegment } from '../archive/archive-format.js';
import { BEFORE_FIRST } from '../chain/audit-chain.js';
import { isAt, readCheckpoint, sealedCheckpoint, type Checkpoint } from '../chain/checkpoints.js';
import type { Schema } from '../database/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { RecordWriter } from '../tokens/record-writer.js';
import { checkArchive, type CheckedArchive } from '../verification/check-archive.js';
import { hashAt } from '../verification/stored-chains.js';
import { writeArchive } from './archive-file.js';
import { countArchived, planArchive } from './archive-plan.js';
import { pruneArchived } from './pruning.js';

/** What is archived, and where to. */
export interface ArchiveOptions {
  /** Records of this time and later stay. Milliseconds since the epoch. */
  readonly before: number;
  /** The path of the archive. */
  readonly out: string;
  /** Is told how far it has come: what is done, how many records, and of how many where that is known. */
  readonly progress?: (step: 'written' | 'deleted', records: number, of?: number) => void;
}

/** What was archived. */
export interface ArchiveOutcome {
  /** Absent when there was nothing to archive. */
  readonly archive?: CheckedArchive;
  /** Records that were deleted from the database, those of an earlier run that was stopped included. */
  readonly deleted: number;
}

/** What is archived with. */
export interface Archived {
  readonly database: Kysely<Schema>;
  readonly sealing: SealingKeys;
  readonly records: RecordWriter;
}

/** The event that tells of an archive. */
export const ARCHIVED = 'audit_archived';

/**
 * Moves the old part of the trail into a file and deletes it from the database: the file is written, flushed and read again, then the
 * chains go on behind checkpoints, then the records are deleted. Whoever is stopped in between loses nothing: the same call goes on.
 * @throws ConfigurationError for a file that cannot be made, or is something else
 */
export async function archiveTrail(trail: Archived, options: ArchiveOptions): Promise<ArchiveOutcome> {
  const { database, sealing } = trail;
  const { before, out, progress } = options;
  const prune = () => pruneArchived(database, (deleted) => progress?.('deleted', deleted));
  const left = await prune();
  if (!existsSync(out)) {
    const segments = await planArchive(database, before);
    if (segments.length === 0) return { deleted: left };
    const of = await countArchived(database, segments);
    const header = { archive: nameOf(new Date()), before: new Date(before).toISOString(), segments };
    await writeArchive(out, header, trail, (written) => progress?.('written', written, of));
  }
  const archive = await checkArchive(out, sealing);
  await adopt(trail, archive);
  return { archive, deleted: left + (await prune()) };
}

/** Names tell their order: the time to the second, and something that no other has. */
function nameOf(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(':', '-')}Z-${randomBytes(4).toString('hex')}`;
}

/** From here on, the archive is where its records are. */
async function adopt({ database, sealing, records }: Archived, archive: CheckedArchive): Promise<void> {
  const { path, segments, broken, unsealed } = archive;
  if (broken !== undefined || unsealed !== undefined) throw notOurs(path, broken ?? unsealed!);
  const standings = await Promise.all(segments.map((segment) => standingOf(database, segment, archive.archive!)));
  if (standings.every((standing) => standing === 'archived')) return;
  if (!standings.every((standing) => standing === 'there')) {
    throw notOurs(path, 'its records are not those that this trail has next');
  }
  await records.change(async (work, tell) => {
    for (const segment of segments) await moveCheckpoint(work, segment, toCheckpoint(segment, archive), sealing);
    const { archive: name, records: count, before } = archive;
    const told = { archive: name, file: basename(path), before, count, chains: segments.length };
    tell({ type: ARCHIVED, outcome: 'accepted', ...told });
  });
}

function notOurs(path: string, reason: string): ConfigurationError {
  return new ConfigurationError(
    '--out',
    path,
    `a file that is not there yet, or the archive of a run that was stopped; ${reason}`,
  );
}

/** `there`: the records are in the database, behind the checkpoint. */
async function standingOf(
  database: Kysely<Schema>,
  { writer, from, to, after, head }: ArchiveSegment,
  archive: string,
): Promise<'there' | 'archived' | 'elsewhere'> {
  const checkpoint = await readCheckpoint(database, writer);
  if (checkpoint?.archive === archive) return 'archived';
  const isNext = isAt(checkpoint ?? BEFORE_FIRST, { sequence: from - 1, hash: after });
  return isNext && (await hashAt(database, writer, to)) === head ? 'there' : 'elsewhere';
}

function toCheckpoint({ writer, to, head }: ArchiveSegment, { archive }: CheckedArchive): Checkpoint {
  return { writer, sequence: to, hash: head, archive: archive! };
}

async function moveCheckpoint(
  work: Transaction<Schema>,
  { from, after }: ArchiveSegment,
  checkpoint: Checkpoint,
  sealing: SealingKeys,
): Promise<void> {
  const row = sealedCheckpoint(checkpoint, sealing);
  const { numInsertedOrUpdatedRows } = await work
    .insertInto('audit_checkpoints')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .column('writer')
        .doUpdateSet(row)
        .where('audit_checkpoints.sequence', '=', from - 1)
        .where('audit_checkpoints.hash', '=', after),
    )
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n)
    throw new Error('another run has archived a part of this meanwhile: run it again');
}
