import type { Actor } from '@onbehalf/oauth-protocol';
import type { Account, Confirmation } from './extension-points.js';
import type { ClientRegistration, Edge, ResourceRegistration } from './policy.js';
import type { VerifiedToken } from './verified-token.js';

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
}

/** What the server knows of the request beside the form. */
export interface ExchangeContext {
  /** Thumbprints of the keys that the caller has proven to hold, verified by the server. RFC 9449 §4.3, RFC 8705 §3. */
  readonly proof?: Confirmation;
  /** The trace this request belongs to, for the audit record. */
  readonly traceId?: string;
}

/** A registered resource that is asked for, and the edge that leads there, if there is one. */
export interface Target {
  readonly resource: ResourceRegistration;
  readonly edge?: Edge;
}

/** The state of a token and of its subject at the time of the exchange. */
export interface TokenState {
  readonly revoked: boolean;
  readonly unknown: boolean;
  /** The account of the subject, when it has one. */
  readonly account?: Account;
  /** `absent` when the subject is no account, no client and no party of a trusted foreign issuer. */
  readonly party: 'enabled' | 'disabled' | 'absent';
}

/** Everything the rules judge by. No rule needs more, and none does I/O. */
export interface ExchangeFacts {
  /** The authorization server's own issuer identifier. */
  readonly issuer: string;
  /** The time of the exchange, in seconds since the epoch. */
  readonly at: number;
  /** The calling client's registration, read after it authenticated. */
  readonly client: ClientRegistration;
  readonly request: ExchangeRequest;
  readonly targets: readonly Target[];
  readonly subject: VerifiedToken;
  readonly subjectState: TokenState;
  readonly proof: Confirmation;
}

/** The new token does not say that anybody acts for the subject. RFC 8693 §1.1. */
export interface Impersonation extends ExchangeFacts {
  readonly kind: 'impersonation';
}

/** Somebody acts for the subject, and the new token says who. RFC 8693 §1.1. */
export interface Delegation extends ExchangeFacts {
  readonly kind: 'delegation';
  /** Who acts from now on. */
  readonly actor: Actor;
  /** The token by which the actor was proven; absent when the calling client is the actor. */
  readonly actorToken?: VerifiedToken;
  readonly actorState?: TokenState;
  /** The audiences of every party in the chain, the new actor included. */
  readonly visited: readonly string[];
}

/** An exchange whose facts are established and whose permission is not. */
export type VerifiedExchange = Impersonation | Delegation;

/** What rules may narrow. */
export interface Limits {
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}
