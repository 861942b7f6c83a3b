import type { RecordedEvent } from '@onbehalf/authorization-ports';
import type { WriterHead } from '../chain/audit-chain.js';

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
  { writer, from, to, after, lost }: AuditGap,
  { by, reason }: Acknowledgement,
): AcknowledgementEvent {
  const gap = { writer, from, to, after, lost };
  return { type: GAP_ACKNOWLEDGED, outcome: 'accepted', operator: by, statedReason: reason, gap };
}

/** The gap that a record acknowledges, if it is such a record and in order. */
export function acknowledgedIn(event: Readonly<Record<string, unknown>>, at: number): AcknowledgedGap | undefined {
  if (event['type'] !== GAP_ACKNOWLEDGED) return undefined;
  const gap = (event['gap'] ?? {}) as AuditGap;
  const { writer, from, to, after, lost } = gap;
  if (![writer, after, lost].every((text) => typeof text === 'string')) return undefined;
  if (![from, to].every(Number.isSafeInteger) || Number.isNaN(new Date(at).getTime())) return undefined;
  const acknowledged = { by: String(event['operator']), reason: String(event['statedReason']) };
  return { writer, from, to, after, lost, ...acknowledged, at: new Date(at).toISOString() };
}

/** The same records, between the same two. */
export function isSameGap(one: AuditGap, other: AuditGap): boolean {
  return (['writer', 'from', 'to', 'after', 'lost'] as const).every((member) => one[member] === other[member]);
}

/** Whether a record is among those that are gone. */
export function isWithin(gap: AuditGap, head: WriterHead): boolean {
  if (gap.writer !== head.writer || head.sequence < gap.from) return false;
  return head.sequence < gap.to || (head.sequence === gap.to && head.hash === gap.lost);
}

/** The records of a gap, such as `record 5`, or `records 5 to 9`. */
export function recordsOf({ from, to }: AuditGap): string {
  return from === to ? `record ${from}` : `records ${from} to ${to}`;
}

/** How an operator names a gap: `<writer>/<from>-<to>`. */
export function nameOfGap({ writer, from, to }: AuditGap): string {
  return `${writer}/${from}-${to}`;
}
