import { GENESIS, type WriterHead } from '../chain/audit-chain.js';
import {
  ArchiveDigest,
  misfitOfSeal,
  parseHeader,
  parseRecord,
  parseSeal,
  type ArchivedRecord,
  type ArchiveHeader,
  type ArchiveSeal,
  type ArchiveSegment,
} from '../archive/archive-format.js';
import { linesOf } from '../archive/archive-lines.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { AuditGap } from './audit-gap.js';
import { ChainCheck } from './chain-check.js';

/** An archive, and what was found in it. */
export interface CheckedArchive {
  readonly path: string;
  /** Its name in the trail; `undefined` for a file that is none. */
  readonly archive: string | undefined;
  /** Everything in it is older, as an ISO 8601 time. */
  readonly before: string;
  readonly segments: readonly ArchiveSegment[];
  readonly records: number;
  /** Records that were gone before they could be archived. */
  readonly gaps: readonly AuditGap[];
  /** Heads of other chains that its records tell of. */
  readonly seen: readonly WriterHead[];
  /** What is wrong with it first. */
  readonly broken: string | undefined;
  /** Why nothing vouches for it but the trail that it belongs to: the key that has sealed it is gone. */
  readonly unsealed: string | undefined;
}

/** Checks one file by itself: its lines, its chains, its seal. */
export async function checkArchive(path: string, sealing: SealingKeys): Promise<CheckedArchive> {
  const check = new ArchiveCheck();
  try {
    for await (const line of linesOf(path)) {
      check.read(line);
      if (check.broken !== undefined) break;
    }
    check.end(sealing);
  } catch (error) {
    check.break(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`);
  }
  const { header, records, gaps, seen, broken, unsealed } = check;
  const { archive, before = '', segments = [] } = header ?? {};
  return { path, archive, before, segments, records, gaps, seen, broken, unsealed };
}

class ArchiveCheck {
  header: ArchiveHeader | undefined;
  records = 0;
  readonly gaps: AuditGap[] = [];
  readonly seen: WriterHead[] = [];
  broken: string | undefined;
  unsealed: string | undefined;
  readonly #digest = new ArchiveDigest();
  #next = 0;
  #chain: ChainCheck | undefined;
  #segment: ArchiveSegment | undefined;
  #seal: ArchiveSeal | undefined;

  break(reason: string): void {
    this.broken ??= reason;
  }

  read(line: string): void {
    if (this.#seal) return this.break('something stands behind its last line');
    if (!this.header) {
      this.header = parseHeader(line);
      if (!this.header) return this.break('it is no archive of an audit trail');
    } else {
      const record = parseRecord(line);
      this.#seal = record ? undefined : parseSeal(line);
      if (this.#seal) return;
      if (!record) return this.break(`its line ${this.records + 2} is no record`);
      this.#readRecord(record);
    }
    this.#digest.add(line);
  }

  end(sealing: SealingKeys): void {
    if (this.broken !== undefined) return;
    if (!this.#seal) return this.break('it was cut: its last line is missing');
    this.#endSegment();
    if (this.#next !== this.header!.segments.length) this.break('a chain that it should hold is missing');
    const { archive, records, digest, sealedWith } = this.#seal;
    if (archive !== this.header!.archive || records !== this.records || digest !== this.#digest.end()) {
      this.break('it was changed: its lines are not those that were sealed');
    }
    const misfit = misfitOfSeal(this.#seal, sealing);
    if (sealing.has(sealedWith) && misfit !== undefined) this.break(misfit);
    else this.unsealed = misfit;
  }

  #readRecord(record: ArchivedRecord): void {
    if (record.writer !== this.#segment?.writer) {
      this.#endSegment();
      this.#beginSegment();
    }
    const place = `record ${record.sequence} of writer ${record.writer}`;
    if (record.writer !== this.#segment?.writer) return this.break(`${place} does not stand where it was archived`);
    this.#chain!.read([record]);
    this.records += 1;
    if (this.#chain!.broken) this.break(`${place}: ${this.#chain!.broken.reason}`);
  }

  #beginSegment(): void {
    const segment = this.header!.segments[this.#next];
    this.#next += 1;
    this.#segment = segment;
    if (!segment) return;
    this.#chain = new ChainCheck(segment.writer, { sequence: segment.from - 1, hash: segment.after });
    if (segment.from === 0 && segment.after !== GENESIS) this.break('a chain does not begin with its first record');
  }

  #endSegment(): void {
    const [chain, segment] = [this.#chain, this.#segment];
    if (!chain || !segment) return;
    if (chain.head.sequence !== segment.to || chain.head.hash !== segment.head) {
      this.break(`records of writer ${segment.writer} are missing up to record ${segment.to}`);
    }
    this.gaps.push(...chain.gaps);
    this.seen.push(...chain.seen);
  }
}
