import type { Kysely } from 'kysely';
import { headText, type ChainHead } from '../chain/audit-chain.js';
import { isAt, misfitOfCheckpoint, readCheckpoint, type Checkpoint } from '../chain/checkpoints.js';
import type { SearchColumns } from '../chain/search-columns.js';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import { ChainCheck, type AuditBreak } from './chain-check.js';
import { PeopleLists } from './people-lists.js';
import { firstOf, lastOf, pagesOf, readHead, type HeadRow, type RecordRow } from './stored-chains.js';

/** What a trail is verified with. */
export interface VerifiedTrail {
  readonly database: Kysely<Schema>;
  readonly sealing: SealingKeys;
  readonly columns: SearchColumns;
}

/** A chain, and where it goes on after what was archived of it. */
export interface CheckedChain {
  readonly chain: ChainCheck;
  readonly checkpoint: Checkpoint | undefined;
  /** The place before the first of its archived records that are left. */
  readonly left: ChainHead | undefined;
  /** Records that people are not told of. */
  readonly hidden: readonly AuditBreak[];
}

/** Checks what the database has of one chain. */
export async function checkChain(trail: VerifiedTrail, writer: string): Promise<CheckedChain> {
  for (;;) {
    const before = await beginningOf(trail.database, writer);
    const checked = await checkOnce(trail, writer, before);
    if (!checked.chain.broken && checked.chain.gaps.length === 0) return checked;
    // the trail may be archived meanwhile: what has gone then is no gap
    if (isSame(before, await beginningOf(trail.database, writer))) return checked;
  }
}

type Beginning = Awaited<ReturnType<typeof beginningOf>>;

async function beginningOf(database: Kysely<Schema>, writer: string) {
  return { first: await firstOf(database, writer), checkpoint: await readCheckpoint(database, writer) };
}

function isSame(one: Beginning, other: Beginning): boolean {
  return one.first?.sequence === other.first?.sequence && one.checkpoint?.sequence === other.checkpoint?.sequence;
}

async function checkOnce(
  { database, sealing, columns }: VerifiedTrail,
  writer: string,
  { first, checkpoint }: Beginning,
): Promise<CheckedChain> {
  const chain = new ChainCheck(writer, checkpoint, (event, row, written) => {
    const wrong = columns.misfit(event, row, written);
    return wrong && `the column ${wrong} does not match the event`;
  });
  const misfit = checkpoint && misfitOfCheckpoint(checkpoint, sealing);
  if (misfit !== undefined) chain.break(checkpoint!.sequence, misfit);
  else if (checkpoint && first) await checkLeft(database, chain, first, checkpoint);
  // the head first: everything up to it can be read afterwards, also while the writer goes on
  const head = await readHead(database, writer);
  const last = head?.sequence ?? Number.MAX_SAFE_INTEGER;
  const after = checkpoint && { after: checkpoint.sequence };
  const lists = new PeopleLists(database);
  if (!chain.broken) {
    for await (const page of pagesOf(database, { writer, last, ...after })) {
      chain.read(page);
      if (!chain.broken) await lists.check(page);
    }
  }
  if (!chain.broken) checkHead(chain, head, sealing);
  if (!chain.broken) await checkEnd(database, chain);
  const isLeft = checkpoint && first && first.sequence <= checkpoint.sequence;
  const left = isLeft ? { sequence: first.sequence - 1, hash: first.previous_hash } : undefined;
  return { chain, checkpoint, left, hidden: lists.breaks };
}

/** What was archived goes from its beginning on: what is left of it still leads to the checkpoint. */
async function checkLeft(
  database: Kysely<Schema>,
  chain: ChainCheck,
  first: Pick<RecordRow, 'sequence' | 'previous_hash'>,
  checkpoint: ChainHead,
): Promise<void> {
  if (first.sequence > checkpoint.sequence) return;
  const { writer } = chain;
  const left = new ChainCheck(writer, { sequence: first.sequence - 1, hash: first.previous_hash });
  for await (const page of pagesOf(database, { writer, last: checkpoint.sequence })) left.read(page);
  chain.gaps.push(...left.gaps);
  if (left.broken) return chain.break(left.broken.sequence, left.broken.reason);
  if (!isAt(checkpoint, left.head)) chain.break(left.head.sequence, 'the record is not the one that was archived');
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
  // SQLite takes texts and blobs, too, and sorts them behind all numbers
  const isWithin = Number.isSafeInteger(last) && last <= (head?.sequence ?? -1);
  if (!isWithin) chain.break(last, 'a record stands after the sealed head');
}
