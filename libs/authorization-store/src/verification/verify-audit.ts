import type { Kysely } from 'kysely';
import { headText, type WriterHead } from '../chain/audit-chain.js';
import type { SearchColumns } from '../chain/search-columns.js';
import type { Schema } from '../database/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import { isSameGap, type AcknowledgedGap } from './audit-gap.js';
import { brokenBy, ChainCheck, type AuditBreak } from './chain-check.js';
import { checkSeenHeads, type SeenHeads } from './missing-heads.js';
import { lastOf, pagesOf, readHead, writersOf, type HeadRow } from './stored-chains.js';

/** The outcome of a check of the audit trail: how many chains and records are whole, or where chains are broken. */
export type AuditVerification = (
  | { readonly ok: true; readonly writers: number; readonly records: number }
  | { readonly ok: false; readonly brokenAt: readonly AuditBreak[] }
) & {
  /** What is gone and was acknowledged: it does not count as broken. */
  readonly acknowledged: readonly AcknowledgedGap[];
};

/** A head that was kept outside of the database; the chain must still contain it. */
export type AuditAnchor = WriterHead;

/** What a trail is verified with. */
export interface VerifiedTrail {
  readonly database: Kysely<Schema>;
  readonly sealing: SealingKeys;
  readonly columns: SearchColumns;
}

/**
 * Checks every chain from its first record to its head: edits, deletions (also at the end, or of a whole chain) and
 * reorderings. Reports the gaps of each chain that nobody has acknowledged, and the first other break.
 * @param anchors heads that were kept elsewhere, against someone who has the database and the keys
 */
export async function verifyAudit(
  trail: VerifiedTrail,
  anchors: readonly AuditAnchor[] = [],
): Promise<AuditVerification> {
  const chains: ChainCheck[] = [];
  for (const writer of await writersOf(trail.database)) chains.push(await checkChain(trail, writer));
  const known = countingAcknowledgements(chains);
  const acknowledged = chains.flatMap(({ gaps }) =>
    gaps.flatMap((gap) => known.find((each) => isSameGap(gap, each)) ?? []),
  );
  const all = new Map(chains.map((chain) => [chain.writer, chain]));
  const heads = [...anchors, ...chains.flatMap(({ seen }) => seen)];
  const seen = await checkSeenHeads(trail.database, heads, all, known);
  const brokenAt = breaksOf(chains, known, seen);
  const told = { acknowledged: [...new Set([...acknowledged, ...seen.acknowledged])] };
  if (brokenAt.length > 0) return { ok: false, brokenAt, ...told };
  const records = chains.reduce((sum, chain) => sum + chain.records, 0);
  return { ok: true, writers: chains.length, records, ...told };
}

function breaksOf(
  chains: readonly ChainCheck[],
  known: readonly AcknowledgedGap[],
  { missing }: SeenHeads,
): AuditBreak[] {
  const broken = chains.flatMap(({ gaps, broken: other }) => {
    const open = gaps.filter((gap) => !known.some((each) => isSameGap(gap, each)));
    return [...open.map(brokenBy), ...(other ? [other] : [])];
  });
  const reason = 'a record that was seen earlier is gone or changed';
  return [...broken, ...missing.map((gap) => ({ writer: gap.writer, sequence: gap.to, reason, gap }))];
}

/**
 * The acknowledgements of chains that are whole, but for gaps that acknowledgements of other such chains cover. None vouches for
 * the chain that it stands in.
 */
function countingAcknowledgements(chains: readonly ChainCheck[]): AcknowledgedGap[] {
  const known: AcknowledgedGap[] = [];
  let others = chains;
  for (;;) {
    const isWhole = ({ broken, gaps }: ChainCheck) =>
      !broken && gaps.every((gap) => known.some((each) => isSameGap(gap, each)));
    const whole = others.filter(isWhole);
    if (whole.length === 0) return known;
    others = others.filter((chain) => !isWhole(chain));
    known.push(...whole.flatMap(({ acknowledged }) => acknowledged));
  }
}

async function checkChain({ database, sealing, columns }: VerifiedTrail, writer: string): Promise<ChainCheck> {
  const chain = new ChainCheck(writer, (event, row) => {
    const wrong = columns.misfit(event, row);
    return wrong && `the column ${wrong} does not match the event`;
  });
  // the head first: everything up to it can be read afterwards, also while the writer goes on
  const head = await readHead(database, writer);
  for await (const page of pagesOf(database, writer, head?.sequence ?? Number.MAX_SAFE_INTEGER)) chain.read(page);
  if (!chain.broken) checkHead(chain, head, sealing);
  if (!chain.broken) await checkEnd(database, chain);
  return chain;
}

function checkHead(chain: ChainCheck, head: HeadRow | undefined, sealing: SealingKeys): void {
  const { head: last } = chain;
  if (!head) return chain.break(last.sequence, 'the head of the chain is missing');
  if (!sealing.has(head.sealed_with)) {
    return chain.break(head.sequence, `the head is sealed with the key ${head.sealed_with}, which is not given`);
  }
  if (head.seal !== sealing.authenticate(headText(chain.writer, head), head.sealed_with)) {
    return chain.break(head.sequence, 'the head of the chain was changed');
  }
  if (last.sequence < head.sequence) return chain.miss(head.sequence, head.hash);
  if (last.hash !== head.hash) chain.break(last.sequence, 'the chain does not end in its sealed head');
}

/** A record after the head was not written by the writer, which moves the head in the same transaction. */
async function checkEnd(database: Kysely<Schema>, chain: ChainCheck): Promise<void> {
  const last = await lastOf(database, chain.writer);
  const head = await readHead(database, chain.writer);
  if (last > (head?.sequence ?? -1)) chain.break(last, 'a record stands after the sealed head');
}
