import type { AuditLog } from '../audit/audit-log.js';
import { nameOfGap, recordsOf, type AcknowledgedGap } from '../verification/audit-gap.js';
import type { AuditBreak } from '../verification/chain-check.js';
import type { VerificationOptions } from '../verification/verify-audit.js';

type Write = (line: string) => void;

/**
 * Verifies the audit trail and tells what was found.
 * @returns whether it is whole
 */
export async function tellVerification(
  audit: AuditLog,
  write: Write,
  options: VerificationOptions = {},
): Promise<boolean> {
  const verification = await audit.verify(options);
  const { acknowledged } = verification;
  if (verification.ok) {
    const but = acknowledged.length === 0 ? '' : ` but for ${count(acknowledged.length, 'acknowledged gap')}`;
    write(`the audit trail is whole${but}: ${verification.records} records of ${verification.writers} writers`);
  } else {
    for (const broken of verification.brokenAt) write(`broken at ${placeOf(broken)}`);
    for (const { archive, reason } of verification.brokenArchives) write(`broken archive ${archive}: ${reason}`);
  }
  for (const gap of acknowledged) write(sentenceOf(gap));
  return verification.ok;
}

/** Where, and what: behind its code where it has one. */
export function placeOf({ writer, sequence, code, reason }: AuditBreak): string {
  return `writer ${writer}, record ${sequence}: ${code === undefined ? '' : `${code}: `}${reason}`;
}

function sentenceOf(gap: AcknowledgedGap): string {
  const { at, by, reason, archive } = gap;
  const where = archive === undefined ? '' : ` with the archive ${archive}`;
  return `acknowledged ${nameOfGap(gap)}: ${recordsOf(gap)} of the chain ${verbOf(gap)} gone${where}, says ${by} on ${at}: ${reason}`;
}

function verbOf({ from, to }: AcknowledgedGap): string {
  return from === to ? 'is' : 'are';
}

/** `1 gap`, `2 gaps` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
