import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { parseRecord, type ArchiveSegment } from '../archive/archive-format.js';
import { linesOf } from '../archive/archive-lines.js';
import type { ChainHead, WriterHead } from '../chain/audit-chain.js';
import { isAt } from '../chain/checkpoints.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { AuditGap } from './audit-gap.js';
import { checkArchive, type CheckedArchive } from './check-archive.js';

/** What is wrong with an archive. */
export interface ArchiveBreak {
  /** Its file, or its name in the trail when it was not given. */
  readonly archive: string;
  readonly reason: string;
  /**
   * What can be acknowledged when the file is lost for good: the records that are gone with it, which are none while the database
   * has all of them. Absent where something else is wrong.
   */
  readonly gaps?: readonly AuditGap[];
  /** Then, too: the places before the first of its records that the database still has of each chain. */
  readonly left?: readonly WriterHead[];
}

/** Records of one chain, and the archive that they are in. */
export interface FoundSegment {
  readonly archive: CheckedArchive;
  readonly segment: ArchiveSegment;
}

/** The archives of a trail, which are read one after the other. */
export class ArchivedTrail {
  readonly archives: readonly CheckedArchive[];
  readonly #segments = new Map<string, ArchiveSegment>();
  readonly #hashes = new Map<string, string>();
  /** By chain, in their order, without those of archives that are broken. */
  readonly #vouched = new Map<string, FoundSegment[]>();

  private constructor(archives: readonly CheckedArchive[]) {
    this.archives = archives;
    for (const archive of archives) {
      for (const segment of archive.segments) {
        const { writer, to, head } = segment;
        this.#segments.set(keyOf(archive.archive, writer), segment);
        this.#hashes.set(keyOf(writer, to), head);
        if (archive.broken !== undefined) continue;
        this.#vouched.set(writer, [...(this.#vouched.get(writer) ?? []), { archive, segment }]);
      }
    }
    for (const found of this.#vouched.values()) found.sort((one, other) => one.segment.to - other.segment.to);
  }

  /**
   * @param paths the files of the archives, in any order
   * @throws ConfigurationError for an archive that is given twice, also as a link or a copy: its records would count twice
   */
  static async read(paths: readonly string[], sealing: SealingKeys): Promise<ArchivedTrail> {
    const archives: CheckedArchive[] = [];
    for (const path of paths) {
      const checked = await checkArchive(path, sealing);
      const same = archives.find((each) => isSameArchive(each, checked));
      if (same) throw new ConfigurationError('the archive', path, `each archive once; ${same.path} is the same`);
      archives.push(checked);
    }
    return new ArchivedTrail(archives);
  }

  get records(): number {
    return this.archives.reduce((sum, { records }) => sum + records, 0);
  }

  /** Records that were gone before they could be archived. What is gone of an archive is another matter. */
  get gaps(): AuditGap[] {
    return this.#whole.flatMap(({ gaps }) => gaps);
  }

  get seen(): WriterHead[] {
    return this.#whole.flatMap(({ seen }) => seen);
  }

  get #whole(): readonly CheckedArchive[] {
    return this.archives.filter(({ broken }) => broken === undefined);
  }

  /** What an archive has of a chain. */
  segment(archive: string, writer: string): ArchiveSegment | undefined {
    return this.#segments.get(keyOf(archive, writer));
  }

  isGiven(archive: string): boolean {
    return this.archives.some((each) => each.archive === archive);
  }

  isWhole(archive: string): boolean {
    return this.#whole.some((each) => each.archive === archive);
  }

  /** The records of a chain that end at a place, or that are the last ones before it. */
  lastBefore(writer: string, place: ChainHead): FoundSegment | undefined {
    const isBefore = ({ segment }: FoundSegment) => segment.to < place.sequence || isAt(endOf(segment), place);
    return this.#vouched.get(writer)?.findLast(isBefore);
  }

  /** What is wrong with the archives by themselves, and with what joins those that follow each other. */
  breaksAlone(): ArchiveBreak[] {
    const breaks = this.archives.flatMap(({ path, broken, unsealed }) => {
      const reason = broken ?? unsealed;
      return reason === undefined ? [] : [{ archive: path, reason }];
    });
    const unjoined = this.#whole.flatMap(({ path, segments }) => {
      const reason = segments.map((segment) => this.#misfitOfPrevious(segment)).find((each) => each !== undefined);
      return reason === undefined ? [] : [{ archive: path, reason }];
    });
    return [...breaks, ...unjoined];
  }

  /** Whether an archive has this record; `undefined` when none that was given reaches there. */
  has({ writer, sequence, hash }: WriterHead): boolean | undefined {
    const isThere = this.archives.some(({ segments }) =>
      segments.some((segment) => segment.writer === writer && segment.from <= sequence && sequence <= segment.to),
    );
    return isThere ? this.#hashes.get(keyOf(writer, sequence)) === hash : undefined;
  }

  /** Reads the records at these places, for `has` and `before`. */
  async lookUp(heads: readonly Omit<WriterHead, 'hash'>[]): Promise<void> {
    const wanted = new Set(heads.map(({ writer, sequence }) => keyOf(writer, sequence)));
    for (const key of this.#hashes.keys()) wanted.delete(key);
    if (wanted.size === 0) return;
    for (const { path } of this.#whole) await this.#readHashes(path, wanted);
  }

  /** The record just before a place, once it was looked up. */
  before(writer: string, sequence: number): ChainHead | undefined {
    const last = sequence - 1;
    const hash = this.#hashes.get(keyOf(writer, last));
    return hash === undefined ? undefined : { sequence: last, hash };
  }

  async #readHashes(path: string, wanted: ReadonlySet<string>): Promise<void> {
    for await (const line of linesOf(path)) {
      const record = parseRecord(line);
      if (!record) continue;
      const key = keyOf(record.writer, record.sequence);
      if (wanted.has(key)) this.#hashes.set(key, record.hash);
    }
  }

  /** The oldest of the archives that were given may go on behind one that was not. */
  #misfitOfPrevious({ writer, from, after, previous }: ArchiveSegment): string | undefined {
    if (previous === undefined) return undefined;
    const place = { sequence: from - 1, hash: after };
    const [named, before] = [this.segment(previous, writer), this.lastBefore(writer, place)?.segment];
    if ([named, before].some((each) => each && isAt(endOf(each), place))) return undefined;
    if (named) return `its records of writer ${writer} do not follow those of ${previous}`;
    return before ? `${previous}, which it goes on behind, was not given` : undefined;
  }
}

/** The place of the last record. */
export function endOf({ to, head }: ArchiveSegment): ChainHead {
  return { sequence: to, hash: head };
}

/** One that is broken only claims its name. */
function isSameArchive(one: CheckedArchive, other: CheckedArchive): boolean {
  return one.archive === other.archive && one.broken === undefined && other.broken === undefined;
}

function keyOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}
