import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Kysely, Selectable } from 'kysely';
import type { AuditHeadTable, AuditRecordTable, Schema } from '../database/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import { CHAIN_OPENED, chainHash, GENESIS, headText, type ChainHead, type WriterHead } from '../chain/audit-chain.js';
import type { SearchColumns } from '../chain/search-columns.js';

type RecordRow = Selectable<AuditRecordTable>;
type HeadRow = Selectable<AuditHeadTable>;

const PAGE = 1000;

/** The first place of a chain that is not as it was written. */
export interface AuditBreak {
  readonly writer: string;
  readonly sequence: number;
  readonly reason: string;
}

/** The outcome of a check of the audit trail: how many chains and records are whole, or where chains are broken. */
export type AuditVerification =
  | { readonly ok: true; readonly writers: number; readonly records: number }
  | { readonly ok: false; readonly brokenAt: readonly AuditBreak[] };

/** A head that was kept outside of the database; the chain must still contain it. */
export type AuditAnchor = WriterHead;

/**
 * Checks every chain from its first record to its head: edits, deletions (also at the end, or of a whole chain) and
 * reorderings. Reports the first break of each chain.
 * @param anchors heads that were kept elsewhere, against someone who has the database and the keys
 */
export async function verifyAudit(
  database: Kysely<Schema>,
  sealing: SealingKeys,
  columns: SearchColumns,
  anchors: readonly AuditAnchor[] = [],
): Promise<AuditVerification> {
  const expected = new Anchors(anchors);
  const brokenAt: AuditBreak[] = [];
  const writers = await writersOf(database);
  let records = 0;
  for (const writer of writers) {
    const chain = new ChainCheck(writer, expected, columns);
    const broken = await checkChain(database, sealing, chain);
    if (broken) brokenAt.push(broken);
    records += chain.records;
  }
  brokenAt.push(...(await missingAnchors(database, expected, brokenAt)));
  return brokenAt.length > 0 ? { ok: false, brokenAt } : { ok: true, writers: writers.length, records };
}

/** Heads that must still be there, each once: many chains may have seen the same. */
class Anchors implements Iterable<AuditAnchor> {
  readonly #all = new Map<string, AuditAnchor>();

  constructor(anchors: readonly AuditAnchor[]) {
    this.add(anchors);
  }

  add(anchors: readonly AuditAnchor[]): void {
    for (const { writer, sequence, hash } of anchors) {
      this.#all.set(JSON.stringify([writer, sequence, hash]), { writer, sequence, hash });
    }
  }

  [Symbol.iterator](): Iterator<AuditAnchor> {
    return this.#all.values();
  }
}

async function checkChain(
  database: Kysely<Schema>,
  sealing: SealingKeys,
  chain: ChainCheck,
): Promise<AuditBreak | undefined> {
  // the head first: everything up to it can be read afterwards, also while the writer goes on
  const head = await readHead(database, chain.writer);
  for await (const page of pagesOf(database, chain.writer, head?.sequence ?? Number.MAX_SAFE_INTEGER)) chain.read(page);
  return chain.broken ?? checkHead(chain.writer, chain.head, head, sealing) ?? (await checkEnd(database, chain.writer));
}

/** Follows one chain and stops at the first record that does not fit. */
class ChainCheck {
  head: ChainHead = { sequence: -1, hash: GENESIS };
  broken: AuditBreak | undefined;
  records = 0;

  constructor(
    readonly writer: string,
    readonly anchors: Anchors,
    readonly columns: SearchColumns,
  ) {}

  read(page: readonly RecordRow[]): void {
    for (const row of page) {
      if (this.broken) return;
      const reason = this.#misfit(row);
      // where a record is gone, the place of the gap is told, not of the one after it
      const sequence = Math.min(row.sequence, this.head.sequence + 1);
      if (reason) this.broken = { writer: this.writer, sequence, reason };
      else this.#accept(row);
    }
  }

  #misfit(row: RecordRow): string | undefined {
    if (row.sequence !== this.head.sequence + 1) return `record ${this.head.sequence + 1} is missing`;
    if (row.hash !== chainHash(row)) return 'the record does not match its hash';
    if (row.previous_hash !== this.head.hash) return 'the record does not follow the one before it';
    const wrong = this.columns.misfit(JSON.parse(row.event) as Record<string, unknown>, row);
    return wrong && `the column ${wrong} does not match the event`;
  }

  #accept(row: RecordRow): void {
    this.head = row;
    this.records += 1;
    if (row.sequence === 0 && row.type === CHAIN_OPENED) {
      this.anchors.add((JSON.parse(row.event) as { heads: AuditAnchor[] }).heads);
    }
  }
}

function checkHead(
  writer: string,
  last: ChainHead,
  head: HeadRow | undefined,
  sealing: SealingKeys,
): AuditBreak | undefined {
  if (!head) return { writer, sequence: last.sequence, reason: 'the head of the chain is missing' };
  if (!sealing.has(head.sealed_with)) {
    return {
      writer,
      sequence: head.sequence,
      reason: `the head is sealed with the key ${head.sealed_with}, which is not given`,
    };
  }
  if (head.seal !== sealing.authenticate(headText(writer, head), head.sealed_with)) {
    return { writer, sequence: head.sequence, reason: 'the head of the chain was changed' };
  }
  if (last.sequence < head.sequence) {
    return {
      writer,
      sequence: last.sequence + 1,
      reason: `records ${last.sequence + 1} to ${head.sequence} are missing`,
    };
  }
  if (last.hash !== head.hash) {
    return { writer, sequence: last.sequence, reason: 'the chain does not end in its sealed head' };
  }
  return undefined;
}

/** Each head that another chain, or someone outside, has seen must still be there. */
async function missingAnchors(
  database: Kysely<Schema>,
  anchors: Anchors,
  known: readonly AuditBreak[],
): Promise<AuditBreak[]> {
  const broken: AuditBreak[] = [];
  const told = new Set(known.map(({ writer }) => writer));
  for (const { writer, sequence, hash } of anchors) {
    if (told.has(writer)) continue;
    const row = await database
      .selectFrom('audit_records')
      .select('hash')
      .where('writer', '=', writer)
      .where('sequence', '=', sequence)
      .executeTakeFirst();
    if (row?.hash === hash) continue;
    told.add(writer);
    broken.push({ writer, sequence, reason: 'a record that was seen earlier is gone or changed' });
  }
  return broken;
}

async function readHead(database: Kysely<Schema>, writer: string): Promise<HeadRow | undefined> {
  return database.selectFrom('audit_heads').selectAll().where('writer', '=', writer).executeTakeFirst();
}

/** A record after the head was not written by the writer, which moves the head in the same transaction. */
async function checkEnd(database: Kysely<Schema>, writer: string): Promise<AuditBreak | undefined> {
  const { last } = await database
    .selectFrom('audit_records')
    .select((expression) => expression.fn.max('sequence').as('last'))
    .where('writer', '=', writer)
    .executeTakeFirstOrThrow();
  const head = await readHead(database, writer);
  const beyond = last !== null && last > (head?.sequence ?? -1);
  return beyond ? { writer, sequence: last, reason: 'a record stands after the sealed head' } : undefined;
}

async function writersOf(database: Kysely<Schema>): Promise<string[]> {
  const heads = await database.selectFrom('audit_heads').select('writer').execute();
  const rows = await database.selectFrom('audit_records').select('writer').distinct().execute();
  return [...new Set([...heads, ...rows].map((row) => row.writer))].sort();
}

async function* pagesOf(database: Kysely<Schema>, writer: string, last: number): AsyncGenerator<RecordRow[]> {
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const page = await database
      .selectFrom('audit_records')
      .selectAll()
      .where('writer', '=', writer)
      .where('sequence', '>', after)
      .where('sequence', '<=', last)
      .orderBy('sequence')
      .limit(PAGE)
      .execute();
    yield page;
    // SQLite answers at once: without this, nobody else would have a turn until the end
    await nextTurn();
    const end = page.at(-1);
    if (page.length < PAGE || !end) return;
    after = end.sequence;
  }
}
