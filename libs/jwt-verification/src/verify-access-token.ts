import { MalformedClaim, parseActClaim, parseScope, OAuthError, type Actor } from '@onbehalf/oauth-protocol';
import type { JWTPayload } from 'jose';
import { TokenRejection } from './token-rejection.js';
import { verifyJwt, type JwtExpectations, type VerifiedJwt } from './verify-jwt.js';

/** What a verified access token says. RFC 9068 §2.2, RFC 8693 §4. */
export interface VerifiedAccessToken {
  /** The token itself, to be exchanged; never to be forwarded or logged. */
  readonly token: string;
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  readonly jwtId: string;
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  /** Who acts for the subject, the current actor first; empty when nobody does. RFC 8693 §4.1. */
  readonly actors: readonly Actor[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly claims: JWTPayload;
}

const REQUIRED = ['sub', 'aud', 'client_id', 'iat', 'jti'];

/**
 * Verifies a JWT access token by the profile of RFC 9068 §4.
 * @throws TokenRejection when the token is refused
 * @throws KeysUnavailable when the issuer's keys cannot be had now
 */
export async function verifyAccessToken(
  token: string,
  expected: Omit<JwtExpectations, 'types'>,
): Promise<VerifiedAccessToken> {
  const requiredClaims = [...REQUIRED, ...(expected.requiredClaims ?? [])];
  return toVerifiedAccessToken(token, await verifyJwt(token, { ...expected, types: ['at+jwt'], requiredClaims }));
}

function toVerifiedAccessToken(token: string, { claims }: VerifiedJwt): VerifiedAccessToken {
  return {
    token,
    issuer: claims.iss,
    subject: text(claims, 'sub'),
    clientId: text(claims, 'client_id'),
    jwtId: text(claims, 'jti'),
    audiences: [claims.aud ?? []].flat(),
    scopes: readScopes(claims['scope']),
    actors: readActors(claims['act']),
    expiresAt: claims.exp,
    claims,
  };
}

function text(claims: JWTPayload, name: string): string {
  const value = claims[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new TokenRejection('claim', `The token's claim "${name}" is missing or invalid`);
}

function readScopes(scope: unknown): readonly string[] {
  if (scope === undefined) return [];
  try {
    if (typeof scope === 'string') return parseScope(scope);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
  }
  throw new TokenRejection('claim', 'The token\'s claim "scope" is missing or invalid');
}

function readActors(act: unknown): readonly Actor[] {
  try {
    return parseActClaim(act);
  } catch (error) {
    if (error instanceof MalformedClaim) throw new TokenRejection('claim', `The token's claim ${error.message}`);
    throw error;
  }
}
