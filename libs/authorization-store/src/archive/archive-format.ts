import { createHash, type Hash } from 'node:crypto';
import type { SealingKeys } from '../sealing/sealing-keys.js';

/** What the first line of an archive begins with. */
const FORMAT = 'onbehalf-audit-archive/1';

/** Records of one chain that stand in an archive, one after the other. */
export interface ArchiveSegment {
  readonly writer: string;
  readonly from: number;
  readonly to: number;
  /** The hash of the record before; '' at the beginning of the chain. */
  readonly after: string;
  /** The hash of the last record. */
  readonly head: string;
  /** The archive that ends where this segment begins; absent at the beginning of the chain. */
  readonly previous?: string;
}

/** The first line of an archive. */
export interface ArchiveHeader {
  readonly format: typeof FORMAT;
  /** The name of the archive in the trail. */
  readonly archive: string;
  /** Everything in it is older, as an ISO 8601 time. */
  readonly before: string;
  readonly segments: readonly ArchiveSegment[];
}

/** The last line of an archive: the seal over all lines before it. */
export interface ArchiveSeal {
  readonly archive: string;
  readonly records: number;
  /** SHA-256 over all lines before, their ends included, in base64url. */
  readonly digest: string;
  readonly sealedWith: string;
  readonly seal: string;
}

/** A record as it is hashed. */
export interface ArchivedRecord {
  readonly writer: string;
  readonly sequence: number;
  readonly previous_hash: string;
  readonly hash: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The text that was hashed. */
  readonly event: string;
}

export function headerOf(given: Omit<ArchiveHeader, 'format'>): ArchiveHeader {
  return { format: FORMAT, ...given };
}

/** @returns `undefined` for what is no first line of an archive */
export function parseHeader(line: string): ArchiveHeader | undefined {
  const header = parse<ArchiveHeader>(line);
  const isHeader = header?.format === FORMAT && typeof header.archive === 'string';
  return isHeader && Array.isArray(header.segments) && header.segments.every(isSegment) ? header : undefined;
}

function isSegment(segment: Partial<ArchiveSegment> | null): boolean {
  const { writer, from, to, after, head } = segment ?? {};
  return (
    [writer, after, head].every((text) => typeof text === 'string') &&
    [from, to].every(Number.isSafeInteger) &&
    0 <= from! &&
    from! <= to!
  );
}

/** A line as `audit-export` writes it. The event stands last, exactly as it was hashed. */
export function lineOf(record: ArchivedRecord): string {
  const { writer, sequence, at, previous_hash: previousHash, hash, event } = record;
  const head = JSON.stringify({ writer, sequence, at: new Date(at).toISOString(), previousHash, hash });
  return `${head.slice(0, -1)},"event":${event}}`;
}

const EVENT = ',"event":';

/** @returns `undefined` for what is no record */
export function parseRecord(line: string): ArchivedRecord | undefined {
  const record = parse<Readonly<Record<string, unknown>>>(line);
  const { writer, sequence, at, previousHash, hash, event } = record ?? {};
  if (![writer, at, previousHash, hash].every((text) => typeof text === 'string')) return undefined;
  if (!Number.isSafeInteger(sequence) || typeof event !== 'object') return undefined;
  // quotes inside of the members before are escaped, so this is the first that are none
  const text = line.slice(line.indexOf(EVENT) + EVENT.length, -1);
  const members = { writer, sequence, previous_hash: previousHash, hash } as Omit<ArchivedRecord, 'at' | 'event'>;
  return { ...members, at: Date.parse(at as string), event: text };
}

/** @returns `undefined` for what is no last line of an archive */
export function parseSeal(line: string): ArchiveSeal | undefined {
  const seal = parse<ArchiveSeal>(line);
  return typeof seal?.seal === 'string' && typeof seal.digest === 'string' ? seal : undefined;
}

/** Counts and digests lines. */
export class ArchiveDigest {
  readonly #hash: Hash = createHash('sha256');

  add(line: string): void {
    this.#hash.update(`${line}\n`);
  }

  end(): string {
    return this.#hash.digest('base64url');
  }
}

/** The last line. */
export function sealArchive(sealed: Omit<ArchiveSeal, 'seal' | 'sealedWith'>, sealing: SealingKeys): ArchiveSeal {
  const { archive, records, digest } = sealed;
  const seal = sealing.authenticate(sealText(sealed));
  return { archive, records, digest, sealedWith: sealing.current, seal };
}

/** Why a seal counts for nothing, if it does. */
export function misfitOfSeal(sealed: ArchiveSeal, sealing: SealingKeys): string | undefined {
  if (!sealing.has(sealed.sealedWith)) return `it is sealed with the key ${sealed.sealedWith}, which is not given`;
  const isSealed = sealed.seal === sealing.authenticate(sealText(sealed), sealed.sealedWith);
  return isSealed ? undefined : 'its seal was changed';
}

function sealText({ archive, records, digest }: Omit<ArchiveSeal, 'seal' | 'sealedWith'>): string {
  return JSON.stringify(['audit_archive', archive, records, digest]);
}

function parse<Line>(line: string): Line | undefined {
  try {
    const value = JSON.parse(line) as Line | null;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
