import type { WriterHead } from '../chain/audit-chain.js';
import { isWithin, type AcknowledgedGap, type AuditGap } from './audit-gap.js';
import type { ChainCheck } from './chain-check.js';
import type { KnownRecords } from './known-records.js';

/** What the heads that somebody has seen say of the chains. */
export interface SeenHeads {
  /** What is gone, although it was seen and nobody has acknowledged it; the longest gap of each place. */
  readonly missing: readonly AuditGap[];
  /** Acknowledged gaps that were met. */
  readonly acknowledged: readonly AcknowledgedGap[];
}

/**
 * Each head that another chain, or someone outside, has seen must still be there, or be lost in a gap that is acknowledged. Chains
 * that are told of as broken already are left out.
 */
export async function checkSeenHeads(
  records: KnownRecords,
  heads: Iterable<WriterHead>,
  chains: ReadonlyMap<string, ChainCheck>,
  known: readonly AcknowledgedGap[],
): Promise<SeenHeads> {
  const missing: AuditGap[] = [];
  const acknowledged = new Set<AcknowledgedGap>();
  const all = once(heads);
  await records.prepare([...all, ...known.map(placeBefore)]);
  for (const head of all) {
    const chain = chains.get(head.writer);
    if (chain?.broken || chain?.gaps.some((gap) => isWithin(gap, head))) continue;
    if (await records.has(head)) continue;
    const excuse = await excuseOf(records, head, known);
    if (excuse) acknowledged.add(excuse);
    else missing.push(await gapUpTo(records, head));
  }
  return { missing: longest(missing), acknowledged: [...acknowledged] };
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
    if (isWithin(gap, head) && (await records.has(placeBefore(gap)))) return gap;
  }
  return undefined;
}

function placeBefore({ writer, from, after }: AuditGap): WriterHead {
  return { writer, sequence: from - 1, hash: after };
}

async function gapUpTo(records: KnownRecords, { writer, sequence, hash }: WriterHead): Promise<AuditGap> {
  const before = await records.before(writer, sequence);
  return { writer, from: before.sequence + 1, to: sequence, after: before.hash, lost: hash };
}

function longest(gaps: readonly AuditGap[]): AuditGap[] {
  const covers = (one: AuditGap, other: AuditGap) =>
    one.to > other.to && isWithin(one, { writer: other.writer, sequence: other.to, hash: other.lost });
  return gaps.filter((gap) => !gaps.some((other) => covers(other, gap)));
}
