/**
 * What happened, as the caller tells it. The named members can be searched for; all others are kept as they are. No
 * token and no secret belongs into an event.
 */
export interface AuditEvent {
  /** What kind of event, such as `token_exchange`. */
  readonly type?: string;
  /** How it ended, such as `issued`, `rejected` or `failed`. */
  readonly outcome?: string;
  readonly clientId?: string;
  readonly subject?: string;
  /** The chain of actors, the current one first; only the current one is searched for. */
  readonly actors?: readonly { readonly sub?: string }[];
  /** The token that was issued. */
  readonly issuedTokenId?: string;
  /** The token that it was made from. */
  readonly subjectTokenId?: string;
  readonly traceId?: string;
}

/** One record of the trail. */
export interface AuditRecord {
  /** The process that wrote it; each writer has a chain of its own. */
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

/** The receipt of a record that is durable. */
export interface AuditReceipt {
  readonly writer: string;
  readonly sequence: number;
  readonly hash: string;
}

/** The record could not be written: what it tells about must not take effect. */
export class AuditUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AuditUnavailable';
  }
}
