import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { parseRecord, type ArchiveSegment } from '../archive/archive-format.js';
import { linesOf } from '../archive/archive-lines.js';
import type { ChainHead, WriterHead } from '../chain/audit-chain.js';
import type { Checkpoint } from '../chain/checkpoints.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { AuditGap } from './audit-gap.js';
import { checkArchive, type CheckedArchive } from './check-archive.js';

/** What is wrong with an archive. */
export interface ArchiveBreak {
  /** Its file, or its name in the trail when it was not given. */
  readonly archive: string;
  readonly reason: string;
}

/** The archives of a trail, which are read one after the other. */
export class ArchivedTrail {
  readonly archives: readonly CheckedArchive[];
  readonly #segments = new Map<string, ArchiveSegment>();
  readonly #hashes = new Map<string, string>();

  private constructor(archives: readonly CheckedArchive[]) {
    this.archives = archives;
    for (const { archive, segments } of archives) {
      for (const segment of segments) {
        this.#segments.set(keyOf(archive, segment.writer), segment);
        this.#hashes.set(keyOf(segment.writer, segment.to), segment.head);
      }
    }
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

  /**
   * What is wrong with the archives, and with what joins them: each chain goes back from its checkpoint to its first record.
   * @param checkpoints where the chains go on
   */
  breaks(checkpoints: readonly Checkpoint[]): ArchiveBreak[] {
    const joined = new Set<string>();
    const breaks = this.archives.flatMap(({ path, broken }) =>
      broken === undefined ? [] : [{ archive: path, reason: broken }],
    );
    const told = new Map<string, ArchiveBreak>();
    for (const checkpoint of checkpoints) {
      const broken = this.#follow(checkpoint, joined);
      if (broken && !told.has(broken.archive)) told.set(broken.archive, broken);
    }
    return [...breaks, ...told.values(), ...this.archives.flatMap((archive) => stranger(archive, joined))];
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

  /** Reads these records, for `has`. */
  async lookUp(heads: readonly WriterHead[]): Promise<void> {
    const wanted = new Set(heads.map(({ writer, sequence }) => keyOf(writer, sequence)));
    for (const key of this.#hashes.keys()) wanted.delete(key);
    if (wanted.size === 0) return;
    for (const { path } of this.#whole) await this.#readHashes(path, wanted);
  }

  /** The last record before a place that an archive reaches. */
  async before(writer: string, sequence: number): Promise<ChainHead | undefined> {
    const last = sequence - 1;
    await this.lookUp([{ writer, sequence: last, hash: '' }]);
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

  #follow(checkpoint: Checkpoint, joined: Set<string>): ArchiveBreak | undefined {
    const { writer } = checkpoint;
    let { archive, sequence, hash } = checkpoint;
    for (;;) {
      const segment = this.#segments.get(keyOf(archive, writer));
      if (!segment) return { archive, reason: this.#reasonWithout(archive) };
      joined.add(keyOf(archive, writer));
      if (segment.to !== sequence || segment.head !== hash) {
        return {
          archive,
          reason: `its records of writer ${writer} do not reach record ${sequence}, where the trail goes on`,
        };
      }
      if (segment.previous === undefined) {
        return segment.from === 0
          ? undefined
          : { archive, reason: `its records of writer ${writer} begin in the middle` };
      }
      [archive, sequence, hash] = [segment.previous, segment.from - 1, segment.after];
    }
  }

  /** The oldest of the archives that were given may go on behind one that was not. */
  #misfitOfPrevious({ writer, from, after, previous }: ArchiveSegment): string | undefined {
    if (previous === undefined) return undefined;
    const segment = this.#segments.get(keyOf(previous, writer));
    if (segment) {
      const isJoined = segment.to === from - 1 && segment.head === after;
      return isJoined ? undefined : `its records of writer ${writer} do not follow those of ${previous}`;
    }
    const isLost = this.archives.some(({ segments }) =>
      segments.some((each) => each.writer === writer && each.to < from),
    );
    return isLost ? `${previous}, which it goes on behind, was not given` : undefined;
  }

  #reasonWithout(archive: string): string {
    const given = this.archives.some((each) => each.archive === archive);
    return given ? 'a chain of the trail is not in it' : 'it was not given, and the trail goes on behind it';
  }
}

/** One that is broken only claims its name. */
function isSameArchive(one: CheckedArchive, other: CheckedArchive): boolean {
  return one.archive === other.archive && one.broken === undefined && other.broken === undefined;
}

/** Records that no chain of the trail goes on behind, as after a restore to the time before it was made. */
function stranger({ archive, path, segments, broken }: CheckedArchive, joined: ReadonlySet<string>): ArchiveBreak[] {
  const found = segments.find(({ writer }) => !joined.has(keyOf(archive, writer)));
  if (!found || broken !== undefined) return [];
  return [{ archive: path, reason: `the trail does not go on behind its records of writer ${found.writer}` }];
}

function keyOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}
