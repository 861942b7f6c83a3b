import {
  AGENT_CLAIM,
  IMPERSONATION_CLAIM,
  involvesAgent,
  MalformedClaim,
  OAuthError,
  parseActClaim,
  parseAgentMark,
  parseImpersonationMark,
  parseProfile,
  parseScope,
  PROFILE_CLAIM,
  type Actor,
  type ImpersonationMark,
} from '@onbehalf/oauth-protocol';
import type { JWTPayload } from 'jose';
import { createHash } from 'node:crypto';
import { rfc9068Profile, type AccessTokenProfile } from '../issuers/access-token-profile.js';
import { invalidClaim, TokenRejection } from './token-rejection.js';
import type { TrustedIssuer } from '../issuers/trusted-issuer.js';
import { firstPresent, verifyJwt, type JwtExpectations, type VerifiedJwt } from './verify-jwt.js';

/** What a verified access token says. RFC 9068 §2.2, RFC 8693 §4. */
export interface VerifiedAccessToken {
  /** The token itself, to be exchanged; never to be forwarded or logged. `JSON.stringify`, `inspect` and spreading leave it out. */
  readonly token: string;
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  readonly jwtId: string;
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  /** Who acts for the subject, the current actor first; empty when nobody does. RFC 8693 §4.1. */
  readonly actors: readonly Actor[];
  /** By which impersonation an administrator uses the account of the subject, however many parties act since; absent: by none. */
  readonly impersonation?: ImpersonationMark;
  /** Whether an AI agent stands behind the token: by its mark, as its subject or anywhere in its chain; absent: none does. */
  readonly agentInvolved?: boolean;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly claims: JWTPayload;
}

const REQUIRED = ['sub', 'iat'];

/**
 * Verifies a JWT access token by the profile of its issuer, RFC 9068 §4 unless another is named.
 * @throws TokenRejection when the token is refused
 * @throws KeysUnavailable when the issuer's keys cannot be had now
 */
export async function verifyAccessToken(
  token: string,
  expected: Omit<JwtExpectations, 'types'>,
): Promise<VerifiedAccessToken> {
  const { issuers, audiences, clockTolerance, clock, requiredClaims = [] } = expected;
  const all = { issuers, audiences, clockTolerance, clock, types, audienceClaims };
  return toVerifiedAccessToken(
    token,
    await verifyJwt(token, { ...all, requiredClaims: [...REQUIRED, ...requiredClaims] }),
    audiences ?? [],
  );
}

function types(issuer: TrustedIssuer): readonly string[] {
  return profileOf(issuer).types;
}

function audienceClaims(issuer: TrustedIssuer): readonly string[] {
  return profileOf(issuer).audience ?? ['aud'];
}

function profileOf(issuer: TrustedIssuer): AccessTokenProfile {
  return issuer.profile ?? rfc9068Profile;
}

/**
 * The claims of an access token in the words of RFC 9068 §2.2, whatever its issuer calls them: `aud`, `scope`, `jti`, and `client_id`
 * where the issuer names the client by a claim of its own.
 * @throws TokenRejection when it is no access token by the profile of its issuer
 */
export function toRfc9068Claims(token: string, verified: VerifiedJwt): VerifiedJwt['claims'] {
  const { claims, issuer } = verified;
  const profile = profileOf(issuer);
  checkProfile(claims, profile);
  const client = firstPresent(claims, profile.clientId);
  return {
    ...claims,
    aud: claims[firstPresent(claims, profile.audience ?? ['aud'])] as string | string[],
    scope: readScopes(claims, profile).join(' '),
    jti: profile.jwtId === undefined ? identifierOf(token) : text(claims, profile.jwtId),
    // the audience may name services as well
    client_id: client === 'aud' ? undefined : text(claims, client),
  };
}

function checkProfile(claims: JWTPayload, profile: AccessTokenProfile): void {
  for (const name of profile.required) {
    if (!Object.hasOwn(claims, name)) throw invalidClaim(name);
  }
  if (!profile.isAccessToken(claims)) throw new TokenRejection('type', 'The token is not an access token');
}

function toVerifiedAccessToken(
  token: string,
  { claims, issuer }: VerifiedJwt,
  services: readonly string[],
): VerifiedAccessToken {
  const profile = profileOf(issuer);
  checkProfile(claims, profile);
  const impersonation = wellFormed(() => parseImpersonationMark(claims[IMPERSONATION_CLAIM]));
  const actors = wellFormed(() => parseActClaim(claims['act']));
  const marked = wellFormed(() => parseAgentMark(claims[AGENT_CLAIM]));
  const subProfile = wellFormed(() => parseProfile(claims[PROFILE_CLAIM]));
  return Object.assign(new VerifiedToken(token), {
    issuer: claims.iss,
    subject: text(claims, 'sub'),
    clientId: readClient(claims, profile, services),
    jwtId: profile.jwtId === undefined ? identifierOf(token) : text(claims, profile.jwtId),
    audiences: [claims[firstPresent(claims, profile.audience ?? ['aud'])] as string | string[]].flat(),
    scopes: readScopes(claims, profile),
    actors,
    ...(impersonation && { impersonation }),
    ...(involvesAgent({ marked, subProfile, actors }) && { agentInvolved: true }),
    expiresAt: claims.exp,
    claims,
  });
}

/** Keeps the token where only those find it who ask for it by its name: a handler may answer or log what it was given. */
class VerifiedToken {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  get token(): string {
    return this.#token;
  }

  toJSON(): object {
    return { ...this };
  }
}

function text(claims: JWTPayload, name: string): string {
  const value = claims[name];
  if (typeof value === 'string' && value !== '') return value;
  throw invalidClaim(name);
}

/** A server that names the client in `aud` may name the services there too. */
function readClient(claims: JWTPayload, profile: AccessTokenProfile, services: readonly string[]): string {
  const name = firstPresent(claims, profile.clientId);
  if (name !== 'aud') return text(claims, name);
  const named = [claims.aud ?? []].flat();
  const client = named.find((audience) => !services.includes(audience)) ?? named[0];
  return text({ aud: client }, name);
}

/** What the issuer signed, hashed: anyone can rewrite an ECDSA signature, nobody the signed part. */
function identifierOf(token: string): string {
  const signed = token.slice(0, token.lastIndexOf('.'));
  return `sha-256:${createHash('sha256').update(signed).digest('base64url')}`;
}

function readScopes(claims: JWTPayload, profile: AccessTokenProfile): readonly string[] {
  const name = firstPresent(claims, profile.scope);
  const value = claims[name];
  if (value === undefined) return [];
  const isList = Array.isArray(value);
  if (profile.scopeFormat !== 'either' && isList !== (profile.scopeFormat === 'list')) throw invalidClaim(name);
  if (!isList) return scopeTokens(name, value, false);
  return [...new Set((value as readonly unknown[]).flatMap((token) => scopeTokens(name, token, true)))];
}

function scopeTokens(name: string, value: unknown, single: boolean): readonly string[] {
  if (typeof value !== 'string' || (single && value.includes(' '))) throw invalidClaim(name);
  try {
    return parseScope(value);
  } catch (error) {
    if (error instanceof OAuthError) throw invalidClaim(name);
    throw error;
  }
}

function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedClaim) throw new TokenRejection('claim', `The token's claim ${error.message}`);
    throw error;
  }
}
