import type { Actor, ImpersonationMark } from '@onbehalf/oauth-protocol';
import type { ClientRegistration } from '../policy/policy.js';

/** The key a token is bound to, or that a caller has proven. RFC 9449 §6.1, RFC 8705 §3.1. */
export interface Confirmation {
  /** Thumbprint of a DPoP key. */
  readonly jkt?: string;
  /** Thumbprint of a client certificate. */
  readonly 'x5t#S256'?: string;
}

/** How and when the user authenticated. Copied from token to token, never refreshed. RFC 9068 §2.2.1. */
export interface Authentication {
  readonly auth_time?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly sid?: string;
}

/** What a token says, established by its verifier. */
export interface TokenFacts {
  readonly issuer: string;
  /** The subject by which this server knows the party. */
  readonly subject: string;
  /** The party at its own issuer, when it has no account here. */
  readonly foreign?: { readonly iss: string; readonly sub: string };
  readonly audiences: readonly string[];
  /** Whether `aud` names resources (access tokens) or clients (ID tokens). Default `resource`. */
  readonly audienceOf?: 'resource' | 'client';
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Seconds since the epoch. */
  readonly issuedAt?: number;
  readonly jwtId?: string;
  /** Whether an exchange uses the token up, by its `jwtId`. Absent: it may be exchanged again while it lives. */
  readonly singleUse?: boolean;
  readonly clientId?: string;
  readonly subProfile?: string;
  readonly scopes?: readonly string[];
  /** Who acts for the subject, the current actor first. RFC 8693 §4.1. */
  readonly actors?: readonly Actor[];
  /** Who may become the actor; absent: the token does not say. RFC 8693 §4.4. */
  readonly mayAct?: readonly Partial<Actor>[];
  readonly confirmation?: Confirmation;
  readonly authentication?: Authentication;
  /** The mark of tokens by which an administrator uses an account. */
  readonly impersonation?: ImpersonationMark;
  /** The mark of tokens behind which an AI agent stands. */
  readonly agentInvolved?: boolean;
  /**
   * The subject is only named, and nothing proves that it was here: only an administrator may act for it. `id` is drawn for this
   * request; the impersonation and its first token have it.
   */
  readonly named?: { readonly id: string };
  /** What a grant of another domain gives at most; absent: the token is none. RFC 7523 §2.1 */
  readonly grant?: GrantLimits;
  /** What else it says, for rules, issuers and audit members that know its kind. Holds no secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The bounds of a grant of another domain; what is absent, the edge decides alone. */
export interface GrantLimits {
  readonly scopes?: readonly string[];
  /** Audiences or URIs. */
  readonly resources?: readonly string[];
}

/** A token by which another came to be. */
export interface TokenReference {
  readonly issuer: string;
  readonly jwtId: string;
}

/** A token that is used up by an exchange, until it has expired. */
export interface TokenUse extends TokenReference {
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** An account of this authorization server, at the time of the exchange. */
export interface Account {
  readonly enabled: boolean;
  /** Seconds since the epoch, with fractions: until then the name was another's, whose tokens are not of this account. */
  readonly since?: number | undefined;
  /** Never to be impersonated: it says so, or may hold a scope of operators. */
  readonly protected: boolean;
  /** Scopes that the user may hold at all; absent: entitlements do not limit, except at reserved resources. */
  readonly entitledScopes?: readonly string[];
}

/** What is known of a token beside what it says. */
export interface TokenStanding {
  /** Whether the token, or one that it was exchanged from, is revoked. */
  readonly revoked: boolean;
  /** Whether the token is on record; absent when the server keeps no record of such tokens. */
  readonly known?: boolean;
  /** The impersonation that it is of, also where the token itself does not tell. */
  readonly impersonation?: ImpersonationMark;
}

/** The state of a token and of its subject at the time of the exchange. */
export interface TokenState {
  readonly revoked: boolean;
  readonly unknown: boolean;
  /** The impersonation that it is of, by the record of it. */
  readonly impersonation?: ImpersonationMark;
  /** It was issued to whoever had the name of the account before. */
  readonly outlived?: boolean;
  /** The account of the subject, when it has one. */
  readonly account?: Account;
  /** The registration of the subject, when it is a client. */
  readonly client?: ClientRegistration;
  /** `absent` when the subject is no account, no client and no party of a trusted foreign issuer. */
  readonly party: 'enabled' | 'disabled' | 'absent';
}
