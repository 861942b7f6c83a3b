import type { RecordedEvent } from '@onbehalf/authorization-ports';
import type { ChainHead, WriterHead } from '../chain/audit-chain.js';

/** The event that acknowledges a gap. It stands in the trail as every other record, so whoever has only the database cannot forge it. */
export const GAP_ACKNOWLEDGED = 'audit_gap_acknowledged';

/** Records of one chain that are gone. Its hashes bind it: what is lost later at the same place is another gap. */
export interface AuditGap {
  readonly writer: string;
  /** The first record that is gone. */
  readonly from: number;
  /** The last one. */
  readonly to: number;
  /** The hash of the record before; '' where the chain is gone from its beginning. */
  readonly after: string;
  /** The hash that the last one had: the record behind it, the sealed head, or another chain says so. */
  readonly lost: string;
  /** The archive that they were in. Absent where they stood in the database. */
  readonly archive?: string;
  /** Others among them that somebody has seen. Absent when nobody has. */
  readonly seen?: readonly ChainHead[];
}

/** Who acknowledges gaps, and why. */
export interface Acknowledgement {
  readonly by: string;
  readonly reason: string;
}

/** A gap that somebody has acknowledged. */
export interface AcknowledgedGap extends AuditGap, Acknowledgement {
  /** When, as an ISO 8601 time. */
  readonly at: string;
}

interface AcknowledgementEvent extends RecordedEvent {
  readonly operator: string;
  readonly statedReason: string;
  readonly gap: AuditGap;
}

/** What is recorded of an acknowledgement. */
export function acknowledgementEvent(
  { writer, from, to, after, lost, archive, seen }: AuditGap,
  { by, reason }: Acknowledgement,
): AcknowledgementEvent {
  const gap = { writer, from, to, after, lost, ...(archive !== undefined && { archive }), ...(seen && { seen }) };
  return { type: GAP_ACKNOWLEDGED, outcome: 'accepted', operator: by, statedReason: reason, gap };
}

/** The gap that a record acknowledges, if it is such a record and in order. */
export function acknowledgedIn(event: Readonly<Record<string, unknown>>, at: number): AcknowledgedGap | undefined {
  if (event['type'] !== GAP_ACKNOWLEDGED) return undefined;
  const gap = (event['gap'] ?? {}) as AuditGap;
  const { writer, from, to, after, lost, archive = '', seen = [] } = gap;
  if (!Array.isArray(seen) || !seen.every(isPlace)) return undefined;
  if (![writer, after, lost, archive].every((text) => typeof text === 'string')) return undefined;
  if (![from, to].every(Number.isSafeInteger) || Number.isNaN(new Date(at).getTime())) return undefined;
  const acknowledged = { by: String(event['operator']), reason: String(event['statedReason']) };
  const place = { writer, from, to, after, lost, seen, ...(archive !== '' && { archive }) };
  return { ...place, ...acknowledged, at: new Date(at).toISOString() };
}

function isPlace(value: unknown): value is ChainHead {
  const { sequence, hash } = (value ?? {}) as Partial<ChainHead>;
  return Number.isSafeInteger(sequence) && typeof hash === 'string';
}

/** The same records, between the same two, and lost from the same place. */
export function isSameGap(one: AuditGap, other: AuditGap): boolean {
  return (['writer', 'from', 'to', 'after', 'lost', 'archive'] as const).every(
    (member) => one[member] === other[member],
  );
}

/** Who has acknowledged a gap, if somebody has. */
export function acknowledgementOf(gap: AuditGap, known: readonly AcknowledgedGap[]): AcknowledgedGap | undefined {
  return known.find((each) => isSameGap(gap, each));
}

/** Whether a place is among those that are gone. */
export function isWithin(gap: AuditGap, { writer, sequence }: WriterHead): boolean {
  return gap.writer === writer && gap.from <= sequence && sequence <= gap.to;
}

/** Whether a record may have stood where those are that are gone: at its end, only one has. */
export function mayHaveHeld(gap: AuditGap, head: WriterHead): boolean {
  return isWithin(gap, head) && (head.sequence < gap.to || head.hash === gap.lost);
}

/** Whether a record is known to have been lost with the others. */
export function hasLost({ writer, to, lost, seen = [] }: AuditGap, head: WriterHead): boolean {
  const known = [{ sequence: to, hash: lost }, ...seen];
  return writer === head.writer && known.some(({ sequence, hash }) => sequence === head.sequence && hash === head.hash);
}

/** The records of a gap, such as `record 5`, or `records 5 to 9`. */
export function recordsOf({ from, to }: AuditGap): string {
  return from === to ? `record ${from}` : `records ${from} to ${to}`;
}

/** How an operator names a gap: `<writer>/<from>-<to>`. */
export function nameOfGap({ writer, from, to }: AuditGap): string {
  return `${writer}/${from}-${to}`;
}
