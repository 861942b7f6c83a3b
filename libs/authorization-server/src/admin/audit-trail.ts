/** What to look for; all that is given must match. */
export interface AuditQuery {
  readonly client?: string;
  readonly subject?: string;
  /** The current actor. */
  readonly actor?: string;
  /** A token that was issued, or one that was exchanged. */
  readonly jti?: string;
  readonly traceId?: string;
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

/** What an operator changed. */
export interface OperatorEvent {
  readonly type: 'registration_change';
  readonly outcome: 'accepted';
  readonly operation: string;
  readonly kind: string;
  readonly id: string;
  /** The user that is changed, so that records are found by it. */
  readonly subject?: string;
  /** Who changed it, and the client of that token. */
  readonly operator: string;
  readonly clientId: string;
}

/** The append-only record of what this server decided and what operators did: the storage implements it. */
export interface AuditTrail {
  /** Resolves when the record is durable; only then may what it tells about take effect. */
  append(event: OperatorEvent): Promise<unknown>;
  /** @throws an Error named `InvalidCursor` for a cursor that no page has given */
  query(query: AuditQuery): Promise<AuditPage>;
  /** All records that match, the oldest first. */
  export(query: AuditQuery): AsyncIterable<object>;
  /** The exchanges of one trace: each with those that were made from the token it issued as its `children`. */
  tree(traceId: string): Promise<readonly object[]>;
}
