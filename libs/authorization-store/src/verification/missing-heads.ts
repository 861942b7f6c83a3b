import type { ChainHead, WriterHead } from '../chain/audit-chain.js';
import { acknowledgementOf, hasLost, isWithin, mayHaveHeld, type AcknowledgedGap, type AuditGap } from './audit-gap.js';
import type { ChainCheck } from './chain-check.js';
import type { KnownRecords } from './known-records.js';

/** What is known of a trail when heads are looked for in it. */
export interface KnownGaps {
  readonly chains: ReadonlyMap<string, ChainCheck>;
  /** Of all chains, whether they are acknowledged or not. */
  readonly gaps: readonly AuditGap[];
  readonly known: readonly AcknowledgedGap[];
}

/** What the heads that somebody has seen say of the chains. */
export interface SeenHeads {
  /** What is gone, although it was seen and nobody has acknowledged it; the longest gap of each place. */
  readonly missing: readonly AuditGap[];
  /** Acknowledged gaps that were met. */
  readonly acknowledged: readonly AcknowledgedGap[];
  /** The gaps that nobody has acknowledged, with what was seen in them. */
  readonly open: readonly AuditGap[];
}

/**
 * Each head that another chain, or someone outside, has seen must still be there, or be one that an acknowledged gap is known to have
 * lost. Chains that are told of as broken already are left out.
 */
export async function checkSeenHeads(
  records: KnownRecords,
  heads: Iterable<WriterHead>,
  { chains, gaps, known }: KnownGaps,
): Promise<SeenHeads> {
  const missing: WriterHead[] = [];
  const acknowledged = new Set<AcknowledgedGap>();
  const open = gaps.filter((gap) => !acknowledgementOf(gap, known));
  const lost: WriterHead[] = [];
  const all = once(heads);
  await records.prepare([...all, ...known.map(placeBefore)]);
  for (const head of all) {
    if (chains.get(head.writer)?.broken) continue;
    if (open.some((gap) => mayHaveHeld(gap, head))) {
      lost.push(head);
      continue;
    }
    if (!gaps.some((gap) => isWithin(gap, head)) && (await records.has(head))) continue;
    const excuse = await excuseOf(records, head, known);
    if (excuse) acknowledged.add(excuse);
    else missing.push(head);
  }
  const seen = [...lost, ...missing];
  return {
    missing: longest(await gapsUpTo(records, missing, gaps)).map((gap) => withSeen(gap, seen)),
    acknowledged: [...acknowledged],
    open: open.map((gap) => withSeen(gap, seen)),
  };
}

/** Many chains may have seen the same. */
function once(heads: Iterable<WriterHead>): WriterHead[] {
  const all = new Map<string, WriterHead>();
  for (const { writer, sequence, hash } of heads) {
    all.set(JSON.stringify([writer, sequence, hash]), { writer, sequence, hash });
  }
  return [...all.values()];
}

/** A gap counts for a head as long as the record is there after which the chain was lost, whatever was written there since. */
async function excuseOf(
  records: KnownRecords,
  head: WriterHead,
  known: readonly AcknowledgedGap[],
): Promise<AcknowledgedGap | undefined> {
  for (const gap of known) {
    if (hasLost(gap, head) && (await records.has(placeBefore(gap)))) return gap;
  }
  return undefined;
}

function placeBefore({ writer, from, after }: AuditGap): WriterHead {
  return { writer, sequence: from - 1, hash: after };
}

function lastOf({ writer, to, lost }: AuditGap): WriterHead {
  return { writer, sequence: to, hash: lost };
}

/** What is gone up to each of these: from where a gap begins that it lies in, or from the last record before. */
async function gapsUpTo(
  records: KnownRecords,
  heads: readonly WriterHead[],
  gaps: readonly AuditGap[],
): Promise<AuditGap[]> {
  await records.prepare(heads.map(({ writer, sequence }) => ({ writer, sequence: sequence - 1 })));
  const found: AuditGap[] = [];
  for (const head of heads) {
    const { writer, sequence: to, hash: lost } = head;
    const gap = gaps.find((each) => isWithin(each, head));
    const before = gap ? placeBefore(gap) : await records.before(writer, to);
    found.push({ writer, from: before.sequence + 1, to, after: before.hash, lost });
  }
  return found;
}

function withSeen(gap: AuditGap, heads: readonly WriterHead[]): AuditGap {
  const within = heads.filter((head) => mayHaveHeld(gap, head) && !hasLost(gap, head));
  const seen: ChainHead[] = within.map(({ sequence, hash }) => ({ sequence, hash }));
  return seen.length === 0 ? gap : { ...gap, seen: seen.sort((one, other) => one.sequence - other.sequence) };
}

function longest(gaps: readonly AuditGap[]): AuditGap[] {
  const covers = (one: AuditGap, other: AuditGap) => one.to > other.to && mayHaveHeld(one, lastOf(other));
  return gaps.filter((gap) => !gaps.some((other) => covers(other, gap)));
}
