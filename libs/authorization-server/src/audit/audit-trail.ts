import type { AuditEvent } from './audit-event.js';

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

export interface AuditPage {
  /** Newest first. */
  readonly records: readonly object[];
  /** Where the next page begins; left out on the last page. */
  readonly cursor?: string;
}

/** The records under one trace id. */
export interface AuditTree {
  /** Each with what was made from the token that it issued as its `children`. */
  readonly nodes: readonly object[];
  /** There are more than are shown: what was issued comes before what was refused, the newest of it. */
  readonly cut: boolean;
}

/** The append-only record of what this server decided and what operators did: the storage implements it. */
export interface AuditTrail {
  /** Resolves when the record is durable; only then may what it tells about take effect. */
  append(event: AuditEvent): Promise<unknown>;
  /** @throws an Error named `InvalidCursor` for a cursor that no page has given */
  query(query: AuditQuery): Promise<AuditPage>;
  /** All records that match, the oldest first. */
  export(query: AuditQuery): AsyncIterable<object>;
  tree(traceId: string): Promise<AuditTree>;
}
