import type { IssuedTokenRecord } from './issued-tokens.js';
import type { RecordedEvent } from './recorded-event.js';

/** What to look for; all that is given must match. */
export interface AuditQuery {
  /** Such as `token_exchange` or `login`. */
  readonly type?: string;
  /** Such as `issued` or `rejected`. */
  readonly outcome?: string;
  readonly client?: string;
  readonly subject?: string;
  /** Exchanges for one life of the account that the subject is. */
  readonly subjectLife?: number;
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
  /** 100 unless told, at most 1000. */
  readonly limit?: number;
}

/** One record of the trail. */
export interface AuditRecord {
  /** The process that wrote it; each has a chain of its own. */
  readonly writer: string;
  readonly sequence: number;
  /** ISO 8601 */
  readonly at: string;
  readonly previousHash: string;
  /**
   * SHA-256 in base64url over the JSON array of writer, sequence, previous hash, milliseconds since the epoch and the
   * event as JSON text.
   */
  readonly hash: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** A record, and the records of what was exchanged from the token that it issued. */
export interface AuditNode {
  readonly record: AuditRecord;
  readonly children: readonly AuditNode[];
}

/** One page of the records that a query matches. */
export interface AuditPage {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  /** Where the next page begins; left out on the last page. */
  readonly cursor?: string;
}

/** The records under one trace id, which every caller chooses for itself. */
export interface AuditTree {
  readonly nodes: readonly AuditNode[];
  /** Whether there are more than are shown; issued tokens come before refusals, the newest first. */
  readonly cut: boolean;
}

/** The half of the trail that only reads. */
export interface AuditReader {
  /** The record at one place of the trail, if there is one. */
  find(writer: string, sequence: number): Promise<AuditRecord | undefined>;
  /** @throws InvalidCursor for a cursor that no page has given */
  query(query: AuditQuery): Promise<AuditPage>;
  /** All records that match, the oldest first. */
  export(query: AuditQuery): AsyncIterable<AuditRecord>;
  /** The records under a trace id and how they hang together; empty when there are none. */
  tree(traceId: string): Promise<AuditTree>;
  /** The clients to which something was issued by an exchange for one life of an account. */
  usedClients(subject: string, life: number): Promise<readonly string[]>;
  /**
   * Records before this time may have moved into archives, and are not found here then; `undefined` while there is no archive. To be
   * asked after what it is told with.
   */
  archivedBefore(): Promise<Date | undefined>;
}

/**
 * The append-only record of what the server decided and what operators did: the storage implements it. `Event` is all that may be
 * told.
 */
export interface AuditTrail<Event extends RecordedEvent = RecordedEvent> extends AuditReader {
  /**
   * Resolves when the record is durable; only then may what it tells about take effect.
   * @throws AuditUnavailable
   */
  append(event: Event): Promise<unknown>;
  /**
   * Records an issued token in the index and its event in the trail, in one step, before the token leaves.
   * @returns false when what it derives from was revoked meanwhile: it must not leave, and the event is not recorded
   * @throws AuditUnavailable when they are not known to be durable
   */
  recordIssued(event: Event, token: IssuedTokenRecord): Promise<boolean>;
  /**
   * Runs what stores something by the adapter; the first of it and the event take place together.
   * @throws AuditUnavailable, and what the work throws
   */
  recordWith<Result>(event: Event, work: () => Promise<Result>): Promise<Result>;
}
