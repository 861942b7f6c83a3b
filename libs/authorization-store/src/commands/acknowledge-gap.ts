import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { AuditLog } from '../audit/audit-log.js';
import type { LostArchive } from '../upkeep/lost-archive.js';
import { nameOfGap, recordsOf, type AuditGap } from '../verification/audit-gap.js';
import type { AuditAnchor, AuditVerification } from '../verification/verify-audit.js';
import { count, placeOf, tellVerification } from './tell-verification.js';

type Write = (line: string) => void;

/** What an operator says of the gaps. */
export interface AcknowledgeOptions {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  /** The names of the gaps that are meant, and of archives that are lost; all gaps that are found, and no archive, when there are none. */
  readonly only?: readonly string[] | undefined;
  /** Heads that were kept elsewhere. */
  readonly heads?: readonly AuditAnchor[] | undefined;
  /** The files of all archives, for a verification of the whole trail. */
  readonly archives?: readonly string[] | undefined;
  /** Tells what would be acknowledged, and changes nothing. */
  readonly dryRun?: boolean | undefined;
}

/** What can be acknowledged. */
interface Found {
  readonly gaps: readonly AuditGap[];
  readonly lost: readonly LostArchive[];
}

/** Characters. */
const LONGEST = 256;

/**
 * Acknowledges gaps of the trail and archives that are lost, and nothing else that is broken.
 * @returns 0 when the trail is whole then, 1 when it is not, or a dry run has found something to acknowledge
 * @throws ConfigurationError
 */
export async function acknowledgeGap(audit: AuditLog, options: AcknowledgeOptions, write: Write): Promise<number> {
  const { only = [], heads, dryRun = false } = options;
  const given = dryRun ? undefined : { by: text('--by', options.by), reason: text('--reason', options.reason) };
  // with none at hand, the only one may be lost
  const archives = options.archives ?? (only.some(isArchive) ? [] : undefined);
  const verification = await audit.verify({ heads, archives });
  const found = foundIn(verification);
  const chosen = only.length === 0 ? { gaps: found.gaps, lost: [] } : named(only, found);
  if (given) {
    await audit.acknowledge(chosen.gaps, given);
    for (const lost of chosen.lost) await audit.acknowledgeLost(lost, given);
  }
  for (const line of sentencesOf(chosen)) write(`${given ? 'acknowledged' : 'would be acknowledged:'} ${line}`);
  tellOthers(verification, chosen, write);
  if (!given && !verification.ok) return 1;
  return (await tellVerification(audit, write, { heads, archives })) ? 0 : 1;
}

function foundIn(verification: AuditVerification): Found {
  if (verification.ok) return { gaps: [], lost: [] };
  const { brokenAt, brokenArchives } = verification;
  return {
    gaps: brokenAt.flatMap(({ gap }) => gap ?? []),
    lost: brokenArchives.flatMap(({ archive, gaps, left = [] }) => (gaps ? { archive, gaps, left } : [])),
  };
}

/** One that was only not given looks as one that is lost does, so an archive is acknowledged by its name alone. */
function tellOthers(verification: AuditVerification, { lost: chosen }: Found, write: Write): void {
  if (verification.ok) return;
  for (const broken of verification.brokenAt) {
    if (!broken.gap) write(`cannot be acknowledged: broken at ${placeOf(broken)}`);
  }
  for (const { archive, reason, gaps } of verification.brokenArchives) {
    if (chosen.some((each) => each.archive === archive)) continue;
    if (gaps) write(`is acknowledged when it is named: ${archive}: ${reason}`);
    else write(`cannot be acknowledged: broken archive ${archive}: ${reason}`);
  }
}

function sentencesOf({ gaps, lost }: Found): string[] {
  const archives = lost.flatMap((each) => [
    `${each.archive}: the archive is lost; what the database has of it goes into the next one`,
    ...each.gaps.map(sentenceOf),
  ]);
  return [...gaps.map(sentenceOf), ...archives];
}

function sentenceOf(gap: AuditGap): string {
  const { after, lost, seen = [] } = gap;
  const begin = after === '' ? 'from its beginning' : `after the record with the hash ${after}`;
  const others =
    seen.length === 0
      ? ''
      : `, and ${count(seen.length, 'other record')} of them ${seen.length === 1 ? 'was' : 'were'} seen`;
  return `${nameOfGap(gap)}: ${recordsOf(gap)}, ${begin}; the last one had the hash ${lost}${others}`;
}

/** Names of gaps have a slash. */
function isArchive(name: string): boolean {
  return !name.includes('/');
}

/** @throws ConfigurationError for a name that is none */
function named(names: readonly string[], { gaps, lost }: Found): Found {
  const known = [...gaps.map(nameOfGap), ...lost.map(({ archive }) => archive)];
  const other = names.find((name) => !known.includes(name));
  if (other !== undefined) {
    throw new ConfigurationError('the gap', other, known.join(', ') || 'none, because there is no gap');
  }
  return {
    gaps: gaps.filter((gap) => names.includes(nameOfGap(gap))),
    lost: lost.filter(({ archive }) => names.includes(archive)),
  };
}

/** @throws ConfigurationError */
function text(name: string, value: string | undefined): string {
  const trimmed = value?.trim() ?? '';
  const isLine = trimmed !== '' && trimmed.length <= LONGEST && !/\p{Cc}/u.test(trimmed);
  if (!isLine) throw new ConfigurationError(name, value, `a line of 1 to ${LONGEST} characters`);
  return trimmed;
}
