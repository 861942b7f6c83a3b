import type { Insertable } from 'kysely';
import type { AuditRecordTable } from '../database/schema.js';
import { indexable, sha256 } from '../hash.js';

/** Stands in place of the hash before the first record. */
export const GENESIS = '';

/** The event of the first record of a chain: it repeats where the other chains stood. */
export const CHAIN_OPENED = 'audit_chain_opened';

/** The newest record of a chain. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

/** A record before it is written. */
export type ChainRow = Insertable<AuditRecordTable>;

type Members = Readonly<Record<string, unknown>>;
type ChainPlace = Pick<ChainRow, 'writer' | 'sequence' | 'previous_hash' | 'at' | 'event'>;

/** The columns that repeat members of the event, so that records can be found by them. */
export type SearchColumns = Omit<ChainRow, keyof ChainPlace | 'hash'>;

/** SHA-256 over everything that a record says, its place and the hash before it, as an unambiguous JSON array. */
export function chainHash(row: ChainPlace): string {
  return sha256(JSON.stringify([row.writer, row.sequence, row.previous_hash, row.at, row.event]));
}

/** An event as JSON text, with what it is searched by and the time when it was told. */
export interface TimedEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
  readonly columns: SearchColumns;
}

/** The event as it is told at this time. */
export function timedEvent(event: object, at: number): TimedEvent {
  return { at, text: JSON.stringify(event), columns: searchColumns(event as Members) };
}

/** The record that follows `head`. The text of the event is stored and hashed. */
export function nextRow(writer: string, head: ChainHead, { at, text, columns }: TimedEvent): ChainRow {
  const place = { writer, sequence: head.sequence + 1, previous_hash: head.hash, at, event: text };
  return { ...place, hash: chainHash(place), ...columns };
}

/** The members of the event that are searched for. They follow from the event, so that verification can compare them. */
export function searchColumns(members: Members): SearchColumns {
  const actors = members['actors'];
  const actor = Array.isArray(actors) ? (actors[0] as { sub?: unknown } | null | undefined)?.sub : undefined;
  return {
    type: text(members['type']) ?? '',
    outcome: text(members['outcome']),
    client_id: text(members['clientId']),
    subject: text(members['subject']),
    actor: text(actor),
    jti: text(members['issuedTokenId']),
    parent_jti: text(members['subjectTokenId']),
    trace_id: text(members['traceId']),
  };
}

/** What the seal of a head is made over. */
export function headText(writer: string, { sequence, hash }: ChainHead): string {
  return JSON.stringify(['audit_heads', writer, sequence, hash]);
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? indexable(value) : null;
}
