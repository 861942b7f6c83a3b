import type { Actor, ImpersonationMark } from '@onbehalf/oauth-protocol';
import type { ClientRegistration, Edge, ResourceRegistration } from '../policy/policy.js';
import type { ExchangeRequest } from '../request/exchange-request.js';
import type { Confirmation, TokenState } from '../tokens/token-facts.js';
import type { VerifiedToken } from '../tokens/verified-token.js';

/** A registered resource that is asked for, and the edge that leads there, if there is one. */
export interface Target {
  readonly resource: ResourceRegistration;
  readonly edge?: Edge;
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
  /** What kind of party the subject is, where anybody says so. */
  readonly subjectProfile?: string;
  readonly proof: Confirmation;
  /** The impersonation that the new token is of, and whether it tells: begun with it, or that of its subject token. */
  readonly impersonation?: { readonly mark: ImpersonationMark; readonly disclosed: boolean };
}

/** The new token does not say that anybody acts for the subject. RFC 8693 §1.1. */
export interface Impersonation extends ExchangeFacts {
  readonly kind: 'impersonation';
}

/** An actor with the issuer that knows it. RFC 8693 §4.1 */
export type KnownActor = Actor & { readonly iss: string };

/** Somebody acts for the subject, and the new token says who. RFC 8693 §1.1. */
export interface Delegation extends ExchangeFacts {
  readonly kind: 'delegation';
  /** Who acts from now on. */
  readonly actor: KnownActor;
  /** The token by which the actor was proven; absent when the calling client is the actor. */
  readonly actorToken?: VerifiedToken;
  readonly actorState?: TokenState;
  /** The audiences of every party in the chain, the new actor included. */
  readonly visited: readonly string[];
}

/** An administrator uses the account of a subject that is only named. The record names the administrator, whether tokens do or not. */
export interface AdministrativeImpersonation extends ExchangeFacts {
  readonly kind: 'administrative';
  readonly impersonation: NonNullable<ExchangeFacts['impersonation']>;
  /** The administrator. */
  readonly actor: KnownActor;
  readonly actorToken: VerifiedToken;
  readonly actorState: TokenState;
}

/** An exchange whose facts are established and whose permission is not. */
export type VerifiedExchange = Impersonation | Delegation | AdministrativeImpersonation;

/** What rules may narrow. */
export interface Limits {
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}
