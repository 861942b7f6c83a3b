import type { Confirmation, TokenFacts } from '../tokens/token-facts.js';

/** A token as it was sent, with the type that its sender declares. */
export interface PresentedToken {
  readonly parameter: 'subject_token' | 'actor_token';
  readonly token: string;
  readonly type: string;
}

/** A well-formed token exchange request. RFC 8693 §2.1. */
export interface ExchangeRequest {
  readonly subject: PresentedToken;
  readonly actor?: PresentedToken;
  readonly requestedType: string;
  /** Logical names, as sent. */
  readonly audiences: readonly string[];
  /** Absolute URIs, as sent. */
  readonly resources: readonly string[];
  /** Absent when the request names none. */
  readonly scopes?: readonly string[];
  /** Why the subject is to be impersonated, for the audit record. */
  readonly reason?: string;
  /** Values of the parameters that verifiers, rules and issuers declare, as sent; absent where the request has none. */
  readonly parameters: Readonly<Partial<Record<string, string>>>;
}

/** What the server knows of the request beside the form. */
export interface ExchangeContext {
  /** Thumbprints of the keys that the caller has proven to hold, verified by the server. RFC 9449 §4.3, RFC 8705 §3. */
  readonly proof?: Confirmation;
  /** Where the request comes from, as the server counts callers. */
  readonly address?: string;
  /** The subject of the workload by whose token the client has authenticated; for the record alone. */
  readonly workload?: string | undefined;
  /**
   * The grant by which the token is presented, which also says how its refusals read. Default token exchange; otherwise a grant
   * whose assertion is the subject token. RFC 7521 §4.1
   */
  readonly grantType?: string;
  /** The trace this request belongs to, for the audit record. */
  readonly traceId?: string;
}

/** What is known of a request that is explained, and never granted. */
export interface ExplainContext extends ExchangeContext {
  /** Established facts of an access token that stand in place of `subject_token`, which is not read then. */
  readonly subject?: TokenFacts;
}
