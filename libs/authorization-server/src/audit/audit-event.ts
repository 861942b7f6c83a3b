import type { AuditTrail } from '@onbehalf/authorization-ports';
import type { ExchangeAuditEvent } from '@onbehalf/token-exchange';

/**
 * Everything that the audit trail tells, by its `type`. No event holds a token, a secret or a password. What the storage adds by
 * itself: `key_change`, in the step of the key, `audit_chain_opened`, `audit_gap_acknowledged`,
 * `audit_archived` and `audit_archive_lost`.
 */
export type AuditEvent =
  | RecordedExchange
  | IssuanceEvent
  | LoginEvent
  | FailedLoginEvent
  | ConsentEvent
  | ConsentWithdrawnEvent
  | LogoutEvent
  | IntrospectionRefusedEvent
  | RevocationEvent
  | RegistrationChangeEvent
  | RefusedRequestsEvent
  | FeatureEvent;

/** The trail of this server: it takes these events and no others. */
export type ServerAuditTrail = AuditTrail<AuditEvent>;

/** An exchange, and the life of the account that its subject is. */
export type RecordedExchange = ExchangeAuditEvent & { readonly subjectLife?: number };

/** Stands for the client of a request that did not authenticate: what it claims to be proves nothing. */
export const UNAUTHENTICATED = 'unauthenticated';

/** The grants by which the certified provider issues access tokens. RFC 6749 §4.1.3, §4.4, §6. */
export type ProviderGrant = 'authorization_code' | 'client_credentials' | 'refresh_token';

/** What a client got, or was refused, by a grant that is no token exchange: nobody acts on anybody's behalf. */
export interface IssuanceEvent {
  readonly type: ProviderGrant;
  readonly outcome: 'issued' | 'rejected' | 'failed';
  readonly clientId: string;
  /** The subject of the workload by whose token the client authenticated; absent: by its own secret or key. RFC 7523 §2.2 */
  readonly workload?: string;
  /** The user; for client credentials the client itself. */
  readonly subject?: string;
  readonly targets: readonly string[];
  readonly scopesGranted?: readonly string[];
  readonly issuedTokenId?: string;
  /** Seconds since the epoch. */
  readonly expiresAt?: number;
  readonly error?: string;
  readonly reason?: string;
  readonly traceId?: string;
}

/** A user has signed in. */
export interface LoginEvent {
  readonly type: 'login';
  readonly outcome: 'accepted';
  readonly subject: string;
  /** RFC 8176 */
  readonly amr: readonly string[];
  readonly traceId?: string;
}

/** Somebody could not sign in. What was typed is not recorded: it may be a password. */
export interface FailedLoginEvent {
  readonly type: 'login_failed';
  readonly outcome: 'rejected';
  /** The account that was tried, where there is such an account. */
  readonly subject?: string;
  readonly reason: string;
  readonly traceId?: string;
}

/** A client may have tokens of a user from now on, or for more than before; or the user said no. */
export interface ConsentEvent {
  readonly type: 'consent';
  readonly outcome: 'accepted' | 'rejected';
  /** Who said so: for clients of its own, the operator answers. */
  readonly decidedBy: 'user' | 'operator';
  readonly subject: string;
  readonly clientId: string;
  readonly targets: readonly string[];
  readonly scopesGranted: readonly string[];
  readonly traceId?: string;
}

/** A user has taken back what a client might do: all its tokens of the user have ended. */
export interface ConsentWithdrawnEvent {
  readonly type: 'consent_withdrawn';
  readonly outcome: 'accepted';
  readonly subject: string;
  readonly clientId: string;
  readonly traceId?: string;
}

/** A user has ended the session. */
export interface LogoutEvent {
  readonly type: 'logout';
  readonly outcome: 'accepted';
  readonly subject: string;
  /** The client that sent the user here, if one did. */
  readonly clientId?: string;
  readonly traceId?: string;
}

/** A client asked about a token that is none of its business, and was told that it is not active. RFC 7662 §2.2. */
export interface IntrospectionRefusedEvent {
  readonly type: 'introspection_refused';
  readonly outcome: 'rejected';
  readonly clientId: string;
  /** Whose token it is. */
  readonly subject?: string;
  /** The `jti` of a token in the form of a JWT. */
  readonly tokenId?: string;
  readonly reason: string;
  readonly traceId?: string;
}

/** A token, or all tokens of a grant, ended before their time, with all that was exchanged from them. RFC 7009. */
export interface RevocationEvent {
  readonly type: 'revocation';
  readonly outcome: 'accepted';
  readonly subject?: string;
  /** The client whose tokens they are. */
  readonly clientId?: string;
  readonly revokedTokenId?: string;
  readonly reason: string;
  readonly traceId?: string;
}

/** What an operator changed, in the transaction that stores it. */
export interface RegistrationChangeEvent {
  readonly type: 'registration_change';
  readonly outcome: 'accepted';
  readonly operation: string;
  readonly registrationKind: string;
  readonly registrationId: string;
  /** The members that are not what they were; a new password or secret stands here by the name of its member. */
  readonly changed: readonly string[];
  /** The user that is changed, so that records are found by it. */
  readonly subject?: string;
  /** When it ends by itself, seconds since the epoch. */
  readonly expiresAt?: number;
  /** Who changed it, and the client of that token. */
  readonly operator: string;
  readonly clientId: string;
}

/** Requests of callers that nobody knows, which are counted and not recorded one by one. */
export interface RefusedRequestsEvent {
  readonly type: 'refused_requests';
  readonly outcome: 'rejected';
  /** What they asked for, such as `token_exchange` or `login_failed`. */
  readonly requested: string;
  /** How many have no record of their own. */
  readonly count: number;
  /** Seconds since the epoch, as is `until`. */
  readonly since: number;
  readonly until: number;
}

/** What a feature did beside exchanges. */
export interface FeatureEvent {
  /** The name of the feature, a dot, and what happened. */
  readonly type: `${string}.${string}`;
  readonly outcome: 'issued' | 'accepted' | 'rejected' | 'failed';
  readonly clientId?: string;
  readonly subject?: string;
  readonly traceId?: string;
  /** What else the feature tells, by the audit fields that it declares. Never a token or a secret. */
  readonly [field: string]: unknown;
}
