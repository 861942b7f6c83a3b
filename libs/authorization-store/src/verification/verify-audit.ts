import type { WriterHead } from '../chain/audit-chain.js';
import type { ArchiveLoss } from './archive-loss.js';
import { ArchivedTrail, type ArchiveBreak } from './archived-trail.js';
import { ArchiveWalk } from './archive-walk.js';
import { acknowledgementOf, type AcknowledgedGap, type AuditGap } from './audit-gap.js';
import { brokenBy, type AuditBreak, type ChainCheck } from './chain-check.js';
import { checkChain, type CheckedChain, type VerifiedTrail } from './check-chain.js';
import { KnownRecords } from './known-records.js';
import { checkSeenHeads } from './missing-heads.js';
import { writersOf } from './stored-chains.js';

/** The outcome of a check of the audit trail: how many chains and records are whole, or where chains are broken. */
export type AuditVerification = (
  | { readonly ok: true; readonly writers: number; readonly records: number }
  | { readonly ok: false; readonly brokenAt: readonly AuditBreak[]; readonly brokenArchives: readonly ArchiveBreak[] }
) & {
  /** What is gone and was acknowledged: it does not count as broken. */
  readonly acknowledged: readonly AcknowledgedGap[];
};

/** A head that was kept outside of the database; the chain must still contain it. */
export type AuditAnchor = WriterHead;

/** What a verification is given from outside of the database. */
export interface VerificationOptions {
  /** Heads that were kept elsewhere, against someone who has the database and the keys. */
  readonly heads?: readonly AuditAnchor[] | undefined;
  /**
   * The files of all archives, in any order: then the whole trail is checked, from its first record on. Unless told, what the
   * database has is checked, and acknowledged losses of archives are told as they are on record.
   */
  readonly archives?: readonly string[] | undefined;
}

/**
 * Checks every chain from its first record, or from where it was archived, to its head: edits, deletions (also at the end, or of
 * a whole chain) and reorderings. Reports the gaps of each chain that nobody has acknowledged, and the first other break.
 */
export async function verifyAudit(
  trail: VerifiedTrail,
  { heads = [], archives }: VerificationOptions = {},
): Promise<AuditVerification> {
  const checked: CheckedChain[] = [];
  for (const writer of await writersOf(trail.database)) checked.push(await checkChain(trail, writer));
  const chains = checked.map(({ chain }) => chain);
  const counting = countingChains(chains);
  const known = acknowledgedBy(counting);
  const losses = counting.flatMap(({ lost }) => lost);
  for (const each of checked) checkIsNotBack(each, losses);
  const archived = archives && (await ArchivedTrail.read(archives, trail.sealing));
  const walk = archived && walkOver(archived, checked, known);
  const gaps = [...chains.flatMap((chain) => chain.gaps), ...(archived?.gaps ?? []), ...(walk?.gaps ?? [])];
  const seen = await checkSeenHeads(
    new KnownRecords(trail.database, trail.sealing, archived),
    [...heads, ...chains.flatMap((chain) => chain.seen), ...(archived?.seen ?? [])],
    { chains: new Map(chains.map((chain) => [chain.writer, chain])), gaps, known },
  );
  const brokenArchives = (walk?.breaks ?? []).map((each) => withSeen(each, seen.open));
  const open = seen.open.filter(({ archive }) => archive === undefined);
  const hidden = checked.flatMap((each) => each.hidden);
  const brokenAt = [...breaksOf(chains, open), ...seen.missing.map(unseen), ...hidden];
  const lost = archived ? [] : known.filter(({ archive }) => archive !== undefined);
  const met = gaps.flatMap((gap) => acknowledgementOf(gap, known) ?? []);
  const acknowledged = [...met, ...lost, ...seen.acknowledged];
  const told = { acknowledged: [...new Set(acknowledged)] };
  if (brokenAt.length + brokenArchives.length > 0) return { ok: false, brokenAt, brokenArchives, ...told };
  const records = chains.reduce((sum, chain) => sum + chain.records, archived?.records ?? 0);
  return { ok: true, writers: chains.length, records, ...told };
}

/** A sealed checkpoint may be put back; it would say that the lost archive has what the database had, and no longer has. */
function checkIsNotBack({ chain, checkpoint }: CheckedChain, losses: readonly ArchiveLoss[]): void {
  if (!checkpoint) return;
  const { writer, sequence, archive } = checkpoint;
  const places = losses.flatMap((loss) => (loss.archive === archive ? loss.goesOn : []));
  const isBack = places.some((place) => place.writer === writer && place.sequence < sequence);
  if (isBack) chain.break(sequence, `its checkpoint was put back: the archive ${archive} is lost`);
}

function walkOver(archived: ArchivedTrail, checked: readonly CheckedChain[], known: readonly AcknowledgedGap[]) {
  const walk = new ArchiveWalk(archived, known);
  for (const { chain, checkpoint, left } of checked) {
    if (checkpoint) walk.follow({ checkpoint, left, isWhole: !chain.broken });
  }
  return walk;
}

function withSeen({ gaps, ...broken }: ArchiveBreak, open: readonly AuditGap[]): ArchiveBreak {
  return gaps ? { ...broken, gaps: open.filter(({ archive }) => archive === broken.archive) } : broken;
}

/** The breaks of each chain together. */
function breaksOf(chains: readonly ChainCheck[], open: readonly AuditGap[]): AuditBreak[] {
  const others = chains.flatMap(({ broken }) => broken ?? []);
  return [...open.map(brokenBy), ...others].sort((one, other) =>
    one.writer < other.writer ? -1 : Number(one.writer > other.writer),
  );
}

function unseen(gap: AuditGap): AuditBreak {
  return { writer: gap.writer, sequence: gap.to, reason: 'a record that was seen earlier is gone or changed', gap };
}

/**
 * The chains whose acknowledgements count: those that are whole, but for gaps that acknowledgements of other such chains cover. None
 * vouches for the chain that it stands in.
 */
function countingChains(chains: readonly ChainCheck[]): ChainCheck[] {
  const counting: ChainCheck[] = [];
  let others = chains;
  for (;;) {
    const known = acknowledgedBy(counting);
    const whole = others.filter(({ broken, gaps }) => !broken && gaps.every((gap) => acknowledgementOf(gap, known)));
    if (whole.length === 0) return counting;
    others = others.filter((chain) => !whole.includes(chain));
    counting.push(...whole);
  }
}

function acknowledgedBy(chains: readonly ChainCheck[]): AcknowledgedGap[] {
  return chains.flatMap(({ acknowledged }) => acknowledged);
}
