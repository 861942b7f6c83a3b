/**
 * What happened, as the audit trail takes it. The named members can be searched for; all others are kept as they are. No token and no
 * secret belongs into an event.
 */
export interface RecordedEvent {
  /** What kind of event, such as `token_exchange`. */
  readonly type?: string;
  /** How it ended, such as `issued`, `rejected` or `failed`. */
  readonly outcome?: string;
  readonly clientId?: string;
  readonly subject?: string;
  /** Of an exchange: the life of the account that the subject is. */
  readonly subjectLife?: number;
  /** The chain of actors, the current one first; only the current one is searched for. */
  readonly actors?: readonly { readonly sub?: string }[];
  /** The token that was issued. */
  readonly issuedTokenId?: string;
  /** The token that it was made from. */
  readonly subjectTokenId?: string;
  readonly traceId?: string;
}
