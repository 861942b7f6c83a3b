import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Kysely, Transaction } from 'kysely';
import type { ArchiveSegment } from '../archive/archive-format.js';
import { BEFORE_FIRST } from '../chain/audit-chain.js';
import { isAt, readCheckpoint, sealedCheckpoint, type Checkpoint } from '../chain/checkpoints.js';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { RecordWriter } from '../tokens/record-writer.js';
import { isSameGap, type AuditGap } from '../verification/audit-gap.js';
import { checkArchive, type CheckedArchive } from '../verification/check-archive.js';
import { hashAt } from '../verification/stored-chains.js';
import type { AuditVerification } from '../verification/verify-audit.js';
import { writeArchive } from './archive-file.js';
import { countArchived, planArchive } from './archive-plan.js';
import { isGivenUp } from './lost-archive.js';
import { leftBehind, pruneArchived } from './pruning.js';
import { pruneTemplates } from './template-pruning.js';

/** What is archived, and where to. */
export interface ArchiveOptions {
  /** Records of this time and later stay. Milliseconds since the epoch. */
  readonly before: number;
  /** The path of the archive. */
  readonly out: string;
  /** Is told how far it has come: what is done, how many records, and of how many where that is known. It is waited for. */
  readonly progress?: (step: 'written' | 'deleted', records: number, of?: number) => void | Promise<void>;
}

/** What was archived. */
export interface ArchiveOutcome {
  /** Absent when there was nothing to archive. */
  readonly archive?: CheckedArchive;
  /** Records that were deleted from the database. */
  readonly deleted: number;
}

/** What is archived with. */
export interface Archived {
  readonly database: Kysely<Schema>;
  readonly sealing: SealingKeys;
  readonly records: RecordWriter;
  /** Verifies what the database has. */
  readonly verify: () => Promise<AuditVerification>;
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
  if (!existsSync(out)) {
    await checkNoneIsLeft(database, out);
    const segments = await planArchive(database, before);
    if (segments.length === 0) return { deleted: 0 };
    const of = await countArchived(database, segments);
    const header = { archive: nameOf(new Date()), before: new Date(before).toISOString(), segments };
    await writeArchive(out, header, trail, (written) => progress?.('written', written, of));
  }
  // a FIFO would be waited for without a word
  if (!statSync(out).isFile()) throw notOurs(out, 'it is none');
  const archive = await checkArchive(out, sealing);
  const isNew = await adopt(trail, archive);
  const deleted = await pruneArchived(database, archive.archive!, (count) => progress?.('deleted', count));
  await pruneTemplates(database);
  if (!isNew && deleted === 0 && (await planArchive(database, before)).length > 0) {
    throw notOurs(out, 'it is done, and there are newer records to archive');
  }
  return { archive, deleted };
}

/** What a run that was stopped has left is deleted when its file is there, and has been read again. */
async function checkNoneIsLeft(database: Kysely<Schema>, out: string): Promise<void> {
  const [left] = await leftBehind(database);
  if (!left) return;
  const accepted = `the file of the archive ${left.archive}, whose records are not all deleted yet (audit-acknowledge-gap if it is lost)`;
  throw new ConfigurationError('--out', out, accepted);
}

/** Names tell their order: the time to the second, and something that no other has. */
function nameOf(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(':', '-')}Z-${randomBytes(4).toString('hex')}`;
}

/**
 * From here on, the archive is where its records are.
 * @returns whether it was not so before
 */
async function adopt({ database, sealing, records, verify }: Archived, archive: CheckedArchive): Promise<boolean> {
  const { path, segments, broken, unsealed } = archive;
  if (broken !== undefined || unsealed !== undefined) throw notOurs(path, broken ?? unsealed!);
  const standings = await Promise.all(segments.map((segment) => standingOf(database, segment, archive.archive!)));
  if (standings.every((standing) => standing === 'archived')) return false;
  if (!standings.every((standing) => standing === 'there')) {
    throw notOurs(path, 'its records are not those that this trail has next');
  }
  if (await isGivenUp(database, archive.archive!)) throw notOurs(path, 'it is on record as lost');
  await checkNoneIsLeft(database, path);
  if (archive.gaps.length > 0 && !areAcknowledged(archive.gaps, await verify())) {
    throw notOurs(path, 'records are missing in it, and nobody has acknowledged that');
  }
  await records.change(async (work, tell) => {
    for (const segment of segments) await moveCheckpoint(work, segment, toCheckpoint(segment, archive), sealing);
    const { archive: name, records: count, before } = archive;
    const told = { archive: name, file: basename(path), before, count, chains: segments.length };
    tell({ type: ARCHIVED, outcome: 'accepted', ...told });
  });
  return true;
}

/** Records may have gone since the trail was verified; behind a checkpoint nobody would notice without the file. */
function areAcknowledged(gaps: readonly AuditGap[], { acknowledged }: AuditVerification): boolean {
  return gaps.every((gap) => acknowledged.some((each) => isSameGap(each, gap)));
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
