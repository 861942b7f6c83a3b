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

type ChainPlace = Pick<ChainRow, 'writer' | 'sequence' | 'previous_hash' | 'at' | 'event'>;

/** SHA-256 over everything that a record says, its place and the hash before it, as an unambiguous JSON array. */
export function chainHash(row: ChainPlace): string {
  return sha256(JSON.stringify([row.writer, row.sequence, row.previous_hash, row.at, row.event]));
}

/** The record that follows `head`. `event` is the text that is stored and hashed. */
export function nextRow(writer: string, head: ChainHead, at: number, event: string): ChainRow {
  const place = { writer, sequence: head.sequence + 1, previous_hash: head.hash, at, event };
  return { ...place, hash: chainHash(place), ...searchColumns(event) };
}

/** The members of the event that are searched for. They follow from the event, so that verification can compare them. */
export function searchColumns(event: string): Omit<ChainRow, keyof ChainPlace | 'hash'> {
  const members = JSON.parse(event) as Record<string, unknown>;
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
