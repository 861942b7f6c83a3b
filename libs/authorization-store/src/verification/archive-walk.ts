import type { ArchiveSegment } from '../archive/archive-format.js';
import { BEFORE_FIRST, type ChainHead, type WriterHead } from '../chain/audit-chain.js';
import { isAt, type Checkpoint } from '../chain/checkpoints.js';
import { endOf, type ArchivedTrail, type ArchiveBreak } from './archived-trail.js';
import { acknowledgementOf, type AcknowledgedGap, type AuditGap } from './audit-gap.js';
import type { CheckedArchive } from './check-archive.js';

/** A chain that goes on behind archives. */
export interface ArchivedChain {
  readonly checkpoint: Checkpoint;
  /** The place before the first of its archived records that the database still has. */
  readonly left: ChainHead | undefined;
  /** What the database has of it leads to the checkpoint, which is sealed. */
  readonly isWhole: boolean;
}

interface LostSegment {
  readonly gap: AuditGap | undefined;
  readonly left: WriterHead | undefined;
}

type ArchivedPlace = Omit<Checkpoint, 'writer'>;

/** Goes back from the checkpoint of each chain to its first record, from archive to archive, and over those that are lost. */
export class ArchiveWalk {
  /** Records that are gone with an archive, also when that is acknowledged. */
  readonly gaps: AuditGap[] = [];
  readonly #trail: ArchivedTrail;
  readonly #known: readonly AcknowledgedGap[];
  readonly #joined = new Set<ArchiveSegment>();
  readonly #breaks = new Map<string, ArchiveBreak>();

  /** @param known what is acknowledged */
  constructor(trail: ArchivedTrail, known: readonly AcknowledgedGap[]) {
    this.#trail = trail;
    this.#known = known;
  }

  follow(chain: ArchivedChain): void {
    let { archive } = chain.checkpoint;
    let place = this.#before(chain, chain.checkpoint, chain.left);
    let { isWhole } = chain;
    while (place) {
      // what is gone before a broken archive is only what that one claims
      isWhole &&= this.#trail.isWhole(archive) || !this.#trail.isGiven(archive);
      ({ archive } = place);
      place = this.#before({ ...chain, isWhole }, place, undefined);
    }
  }

  /** What is wrong with the archives, and with what joins them to the chains that were followed. */
  get breaks(): ArchiveBreak[] {
    const broken = this.#trail.archives.flatMap(({ path, broken: reason }) =>
      reason === undefined ? [] : [{ archive: path, reason }],
    );
    return [...broken, ...this.#breaks.values(), ...this.#trail.archives.flatMap((archive) => this.#stranger(archive))];
  }

  /** Where the chain goes on that an archive ends at this place. */
  #before(chain: ArchivedChain, place: ArchivedPlace, left: ChainHead | undefined): ArchivedPlace | undefined {
    const { archive } = place;
    const { writer } = chain.checkpoint;
    const segment = this.#trail.segment(archive, writer);
    if (!segment) {
      if (this.#trail.isGiven(archive)) return this.#break(archive, 'a chain of the trail is not in it');
      return this.#beforeLost(chain, place, left);
    }
    this.#joined.add(segment);
    const reason = misfitOf(segment, place);
    if (reason !== undefined) return this.#break(archive, reason);
    const { previous, from, after } = segment;
    return previous === undefined ? undefined : { archive: previous, sequence: from - 1, hash: after };
  }

  /** Goes on behind an archive that was not given: with the last one before it that was. */
  #beforeLost(
    { checkpoint: { writer }, isWhole }: ArchivedChain,
    { archive, ...place }: ArchivedPlace,
    left: ChainHead | undefined,
  ): ArchivedPlace | undefined {
    const end = left ?? place;
    const before = this.#trail.lastBefore(writer, end);
    const start = before ? endOf(before.segment) : BEFORE_FIRST;
    const gap = isAt(start, end)
      ? undefined
      : { writer, from: start.sequence + 1, to: end.sequence, after: start.hash, lost: end.hash, archive };
    if (gap) this.gaps.push(gap);
    if (left || (gap && !acknowledgementOf(gap, this.#known))) {
      // without its seal anybody may have made the archive before, and the acknowledgement would vouch for it
      const canBeAcknowledged = isWhole && before?.archive.unsealed === undefined;
      this.#lose(archive, canBeAcknowledged && { gap, left: left && { writer, ...left } });
    }
    return before && { archive: before.archive.archive!, ...start };
  }

  #break(archive: string, reason: string): undefined {
    if (!this.#breaks.has(archive)) this.#breaks.set(archive, { archive, reason });
  }

  /** @param lost what of a chain is gone with it, and is left of it; false where that cannot be acknowledged */
  #lose(archive: string, lost: LostSegment | false): void {
    const { reason, gaps, left = [] } = this.#breaks.get(archive) ?? { reason: NOT_GIVEN, gaps: [] };
    const told = lost && gaps && { gaps: [gaps, lost.gap ?? []].flat(), left: [left, lost.left ?? []].flat() };
    this.#breaks.set(archive, { archive, reason, ...told });
  }

  /** Records that no chain of the trail goes on behind, as after a restore to the time before it was made. */
  #stranger({ path, segments, broken }: CheckedArchive): ArchiveBreak[] {
    const found = segments.find((segment) => !this.#joined.has(segment));
    if (!found || broken !== undefined) return [];
    return [{ archive: path, reason: `the trail does not go on behind its records of writer ${found.writer}` }];
  }
}

const NOT_GIVEN = 'it was not given, and the trail goes on behind it';

function misfitOf(segment: ArchiveSegment, place: ArchivedPlace): string | undefined {
  const { writer, from, to, previous } = segment;
  if (to > place.sequence) {
    return `its records of writer ${writer} go on behind record ${place.sequence}, where the trail went on without it`;
  }
  if (!isAt(endOf(segment), place)) {
    return `its records of writer ${writer} do not reach record ${place.sequence}, where the trail goes on`;
  }
  const beginsInTheMiddle = previous === undefined && from !== 0;
  return beginsInTheMiddle ? `its records of writer ${writer} begin in the middle` : undefined;
}
