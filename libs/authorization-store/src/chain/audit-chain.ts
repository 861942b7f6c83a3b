import type { Insertable } from 'kysely';
import type { AuditRecordTable } from '../database/schema/schema.js';
import { sha256 } from '../database/statements/hash.js';
import type { SearchColumns } from './search-columns.js';

/** Stands in place of the hash before the first record. */
export const GENESIS = '';

/** The event of the first record of a chain: it repeats where the other chains stood. */
export const CHAIN_OPENED = 'audit_chain_opened';

/** The newest record of a chain. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

/** The place before the first record. */
export const BEFORE_FIRST: ChainHead = { sequence: -1, hash: GENESIS };

/** The newest record of one of the chains. */
export interface WriterHead extends ChainHead {
  readonly writer: string;
}

/** A record before it is written. */
export type ChainRow = Insertable<AuditRecordTable>;

type Members = Readonly<Record<string, unknown>>;
type ChainPlace = Pick<ChainRow, 'writer' | 'sequence' | 'previous_hash' | 'at' | 'event'>;

/** SHA-256 over everything that a record says, its place and the hash before it, as an unambiguous JSON array. */
export function chainHash(row: ChainPlace): string {
  return sha256(JSON.stringify([row.writer, row.sequence, row.previous_hash, row.at, row.event]));
}

/** An event, as JSON text too, and the time when it was told. */
export interface TimedEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
  readonly members: Members;
}

/** The event as it is told at this time. */
export function timedEvent(event: object, at: number): TimedEvent {
  return { at, text: JSON.stringify(event), members: event as Members };
}

/** The record that follows `head`. The text of the event is stored and hashed. */
export function nextRow(
  writer: string,
  head: ChainHead,
  { at, text, members }: TimedEvent,
  columns: SearchColumns,
): ChainRow {
  const place = { writer, sequence: head.sequence + 1, previous_hash: head.hash, at, event: text };
  return { ...place, hash: chainHash(place), ...columns.of(members) };
}

/** What the seal of a head is made over. */
export function headText(writer: string, { sequence, hash }: ChainHead): string {
  return JSON.stringify(['audit_heads', writer, sequence, hash]);
}
