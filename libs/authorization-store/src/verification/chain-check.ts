import { BEFORE_FIRST, CHAIN_OPENED, chainHash, type ChainHead, type WriterHead } from '../chain/audit-chain.js';
import { eventIn } from '../chain/stored-records.js';
import { archiveLossIn, type ArchiveLoss } from './archive-loss.js';
import { acknowledgedIn, recordsOf, type AcknowledgedGap, type AuditGap } from './audit-gap.js';

/** The first place of a chain that is not as it was written, or records of it that are gone. */
export interface AuditBreak {
  readonly writer: string;
  readonly sequence: number;
  readonly reason: string;
  /** The name of what is not a break of the chain: a record that something beside it hides from people. */
  readonly code?: 'used_client_missing' | 'life_begins_too_late';
  /** What can be acknowledged; absent where something was edited or put in. */
  readonly gap?: AuditGap;
}

/** What a hash is made over, and the hash. */
export interface HashedRecord {
  readonly writer: string;
  readonly sequence: number;
  readonly previous_hash: string;
  readonly hash: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: string;
}

type Members = Readonly<Record<string, unknown>>;
type Misfit = (event: Members, row: HashedRecord, written: ReadonlySet<string>) => string | undefined;

/** Follows one chain, over what is gone of it, up to the first record that does not fit. */
export class ChainCheck {
  readonly writer: string;
  head: ChainHead;
  broken: AuditBreak | undefined;
  records = 0;
  readonly gaps: AuditGap[] = [];
  /** Heads of other chains that this one has on record. */
  readonly seen: WriterHead[] = [];
  readonly acknowledged: AcknowledgedGap[] = [];
  readonly lost: ArchiveLoss[] = [];
  readonly #misfit: Misfit;
  /** The declared columns that its process writes, where its first record is read. */
  #written: ReadonlySet<string> = new Set();

  /**
   * @param start the place before the first record that is read
   * @param misfit what else must fit to the event of a record; the reason, if it does not
   */
  constructor(writer: string, start: ChainHead = BEFORE_FIRST, misfit: Misfit = () => undefined) {
    this.writer = writer;
    this.head = start;
    this.#misfit = misfit;
  }

  /** Records in their order. */
  read(rows: readonly HashedRecord[]): void {
    for (const row of rows) {
      if (this.broken) return;
      this.#read(row);
    }
  }

  /** Records are gone up to this one, whose hash is known. */
  miss(to: number, lost: string): void {
    this.gaps.push({ writer: this.writer, from: this.head.sequence + 1, to, after: this.head.hash, lost });
  }

  break(sequence: number, reason: string): void {
    this.broken ??= { writer: this.writer, sequence, reason };
  }

  #read(row: HashedRecord): void {
    const next = this.head.sequence + 1;
    // where a record is gone as well, the place of the gap is told, not of the one after it
    const sequence = Math.min(row.sequence, next);
    if (row.hash !== chainHash(row)) return this.break(sequence, 'the record does not match its hash');
    if (row.sequence < next) return this.break(sequence, 'the record stands where none can be');
    if (row.sequence > next) this.miss(row.sequence - 1, row.previous_hash);
    else if (row.previous_hash !== this.head.hash) {
      return this.break(sequence, 'the record does not follow the one before it');
    }
    const event = eventIn(row.event);
    if (!event) return this.break(row.sequence, 'the record is no event');
    if (isOpening(row, event)) this.#written = new Set(textsIn(event['columns']));
    const reason = this.#misfit(event, row, this.#written);
    if (reason !== undefined) return this.break(row.sequence, reason);
    this.#accept(row, event);
  }

  #accept(row: HashedRecord, event: Members): void {
    this.head = row;
    this.records += 1;
    if (isOpening(row, event)) this.seen.push(...headsIn(event['heads']));
    const gap = acknowledgedIn(event, row.at);
    if (gap) this.acknowledged.push(gap);
    const loss = archiveLossIn(event);
    if (loss) this.lost.push(loss);
  }
}

function isOpening({ sequence }: HashedRecord, event: Members): boolean {
  return sequence === 0 && event['type'] === CHAIN_OPENED;
}

function textsIn(values: unknown): string[] {
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
}

function headsIn(heads: unknown): WriterHead[] {
  return Array.isArray(heads) ? heads.filter(isHead) : [];
}

function isHead(value: unknown): value is WriterHead {
  const { writer, sequence, hash } = (value ?? {}) as Partial<WriterHead>;
  return typeof writer === 'string' && Number.isSafeInteger(sequence) && typeof hash === 'string';
}

/** A gap as a break of its chain. */
export function brokenBy(gap: AuditGap): AuditBreak {
  const are = gap.from === gap.to ? 'is' : 'are';
  return { writer: gap.writer, sequence: gap.from, reason: `${recordsOf(gap)} ${are} missing`, gap };
}
