import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { AuditLog } from '../audit/audit-log.js';
import { nameOfGap, recordsOf, type AuditGap } from '../verification/audit-gap.js';
import type { AuditAnchor } from '../verification/verify-audit.js';
import { count, tellVerification } from './tell-verification.js';

type Write = (line: string) => void;

/** What an operator says of the gaps. */
export interface AcknowledgeOptions {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  /** The names of the gaps that are meant; all that are found when there are none. */
  readonly only?: readonly string[] | undefined;
  /** Heads that were kept elsewhere. */
  readonly heads?: readonly AuditAnchor[] | undefined;
  /** The files of all archives, for a verification of the whole trail. */
  readonly archives?: readonly string[] | undefined;
  /** Tells what would be acknowledged, and changes nothing. */
  readonly dryRun?: boolean | undefined;
}

/** Characters. */
const LONGEST = 256;

/**
 * Acknowledges gaps of the trail, and nothing else that is broken.
 * @returns 0 when the trail is whole then, 1 when it is not, or a dry run has found something to acknowledge
 * @throws ConfigurationError
 */
export async function acknowledgeGap(audit: AuditLog, options: AcknowledgeOptions, write: Write): Promise<number> {
  const { only = [], heads, archives, dryRun = false } = options;
  const given = dryRun ? undefined : { by: text('--by', options.by), reason: text('--reason', options.reason) };
  const verification = await audit.verify({ heads, archives });
  const brokenAt = verification.ok ? [] : verification.brokenAt;
  const gaps = brokenAt.flatMap(({ gap }) => gap ?? []);
  const chosen = only.length === 0 ? gaps : only.map((name) => named(name, gaps));
  if (given) await audit.acknowledge(chosen, given);
  for (const gap of chosen) write(`${given ? 'acknowledged' : 'would be acknowledged:'} ${sentenceOf(gap)}`);
  for (const { writer, sequence, reason, gap } of brokenAt) {
    if (!gap) write(`cannot be acknowledged: broken at writer ${writer}, record ${sequence}: ${reason}`);
  }
  if (!verification.ok)
    for (const { archive, reason } of verification.brokenArchives) {
      write(`cannot be acknowledged: broken archive ${archive}: ${reason}`);
    }
  if (!given && !verification.ok) return 1;
  return (await tellVerification(audit, write, { heads, archives })) ? 0 : 1;
}

function sentenceOf(gap: AuditGap): string {
  const seen = gap.seen
    ? `, and ${count(gap.seen.length, 'other')} of them ${gap.seen.length === 1 ? 'was' : 'were'} seen`
    : '';
  const after = gap.after === '' ? 'from its beginning' : `after the record with the hash ${gap.after}`;
  return `${nameOfGap(gap)}: ${recordsOf(gap)}, ${after}; the last one had the hash ${gap.lost}${seen}`;
}

function named(name: string, gaps: readonly AuditGap[]): AuditGap {
  const gap = gaps.find((each) => nameOfGap(each) === name);
  if (gap) return gap;
  const accepted = gaps.map(nameOfGap).join(', ') || 'none, because there is no gap';
  throw new ConfigurationError('the gap', name, accepted);
}

/** @throws ConfigurationError */
function text(name: string, value: string | undefined): string {
  const trimmed = value?.trim() ?? '';
  const isLine = trimmed !== '' && trimmed.length <= LONGEST && !/\p{Cc}/u.test(trimmed);
  if (!isLine) throw new ConfigurationError(name, value, `a line of 1 to ${LONGEST} characters`);
  return trimmed;
}
