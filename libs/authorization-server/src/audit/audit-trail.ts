import type { ExchangeAuditEvent } from '@onbehalf/token-exchange';
import type { IssuedTokenRecord } from '../ports/issued-tokens.js';
import type { AuditEvent, IssuanceEvent } from './audit-event.js';

/** What to look for; all that is given must match. */
export interface AuditQuery {
  readonly type?: string;
  readonly outcome?: string;
  readonly client?: string;
  readonly subject?: string;
  /** The current actor. */
  readonly actor?: string;
  /** A token that was issued, or one that was exchanged. */
  readonly jti?: string;
  readonly traceId?: string;
  /** Declared fields that are searched by, by their name. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** Inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly to?: Date;
  /** Of the page before. */
  readonly cursor?: string;
  readonly limit?: number;
}

/** One record of the trail. */
export interface AuditRecord {
  /** The process that wrote it; each has a chain of its own. */
  readonly writer: string;
  readonly sequence: number;
  /** ISO 8601 */
  readonly at: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** A record and the records of what was made from the token that it issued. */
export interface AuditNode {
  readonly record: AuditRecord;
  readonly children: readonly AuditNode[];
}

export interface AuditPage {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  /** Where the next page begins; left out on the last page. */
  readonly cursor?: string;
}

/** The records under one trace id. */
export interface AuditTree {
  readonly nodes: readonly AuditNode[];
  /** There are more than are shown: what was issued comes before what was refused, the newest of it. */
  readonly cut: boolean;
}

/** What was recorded, for who may read it. */
export interface AuditReader {
  /** The record at one place of the trail, if there is one. */
  find(writer: string, sequence: number): Promise<AuditRecord | undefined>;
  /** @throws InvalidCursor for a cursor that no page has given */
  query(query: AuditQuery): Promise<AuditPage>;
  /** All records that match, the oldest first. */
  export(query: AuditQuery): AsyncIterable<AuditRecord>;
  tree(traceId: string): Promise<AuditTree>;
}

/** The append-only record of what this server decided and what operators did: the storage implements it. */
export interface AuditTrail extends AuditReader {
  /** Resolves when the record is durable; only then may what it tells about take effect. */
  append(event: AuditEvent): Promise<unknown>;
  /**
   * Records an issued token in the index and its event in the trail, in one step, before the token leaves.
   * @returns false when what it derives from was revoked meanwhile: it must not leave, and the event is not recorded
   */
  recordIssued(event: ExchangeAuditEvent | IssuanceEvent, token: IssuedTokenRecord): Promise<boolean>;
  /** Runs what stores something by the adapter; the first of it and the event take place together. */
  recordWith<Result>(event: AuditEvent, work: () => Promise<Result>): Promise<Result>;
}
