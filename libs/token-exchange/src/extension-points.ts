import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import type { Actor } from '@onbehalf/oauth-protocol';
import type { JWTPayload } from 'jose';
import type { ExchangeAuditEvent } from './audit-event.js';
import type { Permit } from './decide.js';
import type { IssuedToken } from './issued-token.js';
import type { ClientRegistration } from './policy.js';
import type { Limits, VerifiedExchange } from './stages.js';
import type { Verdict } from './verdict.js';

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
  readonly jwtId?: string;
  readonly clientId?: string;
  readonly subProfile?: string;
  readonly scopes?: readonly string[];
  /** Who acts for the subject, the current actor first. RFC 8693 §4.1. */
  readonly actors?: readonly Actor[];
  /** Who may become the actor; absent: the token does not say. RFC 8693 §4.4. */
  readonly mayAct?: readonly Partial<Actor>[];
  readonly confirmation?: Confirmation;
  readonly authentication?: Authentication;
}

/** What a verifier may know of the request, beside the token. */
export interface VerificationContext {
  readonly client: ClientRegistration;
  /** Now, in seconds since the epoch. */
  readonly at: number;
}

/** Establishes what tokens of some types say. Keyed by token type, for subject and actor tokens alike. */
export interface TokenVerifier {
  readonly types: readonly string[];
  /**
   * @throws TokenRejection or MalformedClaim when the token is refused, whatever the cause
   * @throws KeysUnavailable when the issuer's keys cannot be had now
   */
  verify(token: string, context: VerificationContext): Promise<TokenFacts>;
}

/** Judges a verified exchange: denies it, narrows its limits, or lets it pass. Does no I/O and cannot widen. */
export interface Rule {
  /** Stands in the audit record and in explanations. */
  readonly name: string;
  judge(exchange: VerifiedExchange, limits: Limits): Verdict;
}

/** Makes a token of what was permitted. Keyed by the requested token type. */
export interface TokenIssuer {
  readonly types: readonly string[];
  issue(permit: Permit): Promise<IssuedToken>;
}

/** Signs claims with the authorization server's key for `alg`, or with its default key, and names the key in the header. */
export interface TokenSigner {
  sign(claims: JWTPayload, header: { readonly typ: string; readonly alg?: SigningAlgorithm }): Promise<string>;
}

/** An account of this authorization server, at the time of the exchange. */
export interface Account {
  readonly enabled: boolean;
  /** Never to be impersonated. */
  readonly protected: boolean;
  /** Scopes that the user may hold at all; absent: entitlements do not limit. */
  readonly entitledScopes?: readonly string[];
}

/** What is known of a token beside what it says. */
export interface TokenStanding {
  /** Whether the token, or one that it was exchanged from, is revoked. */
  readonly revoked: boolean;
  /** Whether the token is on record; absent when the server keeps no record of such tokens. */
  readonly known?: boolean;
}

/** State that changes while tokens live, asked at every exchange. */
export interface ExchangeState {
  token(issuer: string, jwtId: string): Promise<TokenStanding>;
  account(subject: string): Promise<Account | undefined>;
}

/** Where audit events go, and with an issued token's event the token's own record. */
export interface AuditSink {
  /** Resolves when the event is durable. */
  record(event: ExchangeAuditEvent): Promise<void>;
  /**
   * Records an issued token and its event in one step, before the token leaves; a rejection withholds it.
   * @returns false when something that the token derives from was revoked meanwhile: it must not leave, and neither is recorded
   */
  recordIssued(event: ExchangeAuditEvent, issued: IssuedToken): Promise<boolean>;
}
