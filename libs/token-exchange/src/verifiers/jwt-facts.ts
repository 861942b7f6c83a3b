import { invalidClaim, mediaSubtype, TokenRejection, type VerifiedJwt } from '@onbehalf/jwt-verification';
import {
  AGENT_CLAIM,
  IMPERSONATION_CLAIM,
  isScopeToken,
  parseActClaim,
  parseAgentMark,
  parseImpersonationMark,
  parseMayActClaim,
  parseProfile,
  PROFILE_CLAIM,
} from '@onbehalf/oauth-protocol';
import type { JWTPayload } from 'jose';
import type { Authentication, Confirmation, TokenFacts } from '../tokens/token-facts.js';

/**
 * Refuses a JWT that is of another kind than its sender declares. RFC 8725 §3.11, RFC 9068 §4.
 * @param accepted values of `typ` without `application/`, in lower case; `jwt` also stands for a JWT without the header
 */
export function requireType({ header, claims }: VerifiedJwt, accepted: readonly string[]): void {
  const typ = mediaSubtype(header.typ ?? 'JWT');
  // a logout token or another event may come without its typ: OpenID Connect Back-Channel Logout §2.4, RFC 8417 §2.2
  if (typ !== undefined && accepted.includes(typ) && claims['events'] === undefined) return;
  throw new TokenRejection('type', 'The token is not of the type that the request declares');
}

/**
 * What a verified JWT says, in the words of RFC 9068 §2.2, RFC 8693 §4 and RFC 7800 §3.
 * @throws TokenRejection or MalformedClaim when a claim has not the form that its specification gives it
 */
export function readJwtFacts(claims: VerifiedJwt['claims']): TokenFacts & Required<Pick<TokenFacts, 'actors'>> {
  const jwtId = optionalText(claims, 'jti');
  const clientId = optionalText(claims, 'client_id');
  const subProfile = parseProfile(claims[PROFILE_CLAIM]);
  const mayAct = parseMayActClaim(claims['may_act']);
  const confirmation = readConfirmation(claims['cnf']);
  const impersonation = parseImpersonationMark(claims[IMPERSONATION_CLAIM]);
  return {
    issuer: claims.iss,
    subject: requiredText(claims, 'sub'),
    audiences: readAudiences(claims.aud),
    expiresAt: claims.exp,
    ...(typeof claims.iat === 'number' && { issuedAt: claims.iat }),
    ...(jwtId !== undefined && { jwtId }),
    ...(clientId !== undefined && { clientId }),
    ...(subProfile !== undefined && { subProfile }),
    scopes: readScopes(claims),
    actors: parseActClaim(claims['act']),
    ...(mayAct && { mayAct }),
    ...(confirmation && { confirmation }),
    ...(parseAgentMark(claims[AGENT_CLAIM]) && { agentInvolved: true }),
    ...(impersonation && { impersonation: { iss: claims.iss, ...impersonation } }),
    authentication: readAuthentication(claims),
  };
}

/** Refuses a token that lacks one of these claims. */
export function requireClaims(claims: JWTPayload, names: readonly string[]): void {
  const missing = names.find((name) => claims[name] === undefined);
  if (missing !== undefined) throw invalidClaim(missing);
}

/** A claim that must be a non-empty string. */
export function requiredText(claims: JWTPayload, name: string): string {
  const value = optionalText(claims, name);
  if (value === undefined) throw invalidClaim(name);
  return value;
}

function optionalText(claims: JWTPayload, name: string): string | undefined {
  const value = claims[name];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw invalidClaim(name);
}

function readAudiences(aud: unknown): readonly string[] {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (audiences.length > 0 && audiences.every((audience) => typeof audience === 'string' && audience !== '')) {
    return audiences as readonly string[];
  }
  throw invalidClaim('aud');
}

function readScopes({ scope = '' }: JWTPayload): readonly string[] {
  if (typeof scope !== 'string') throw invalidClaim('scope');
  const scopes = scope.split(' ').filter((token) => token !== '');
  if (scopes.every(isScopeToken)) return [...new Set(scopes)];
  throw invalidClaim('scope');
}

const CONFIRMATION_METHODS = ['jkt', 'x5t#S256'];

// RFC 7800 §3.1: members that are not understood are ignored; a binding that cannot be proven must not be lost
function readConfirmation(cnf: unknown): Confirmation | undefined {
  if (cnf === undefined) return undefined;
  if (typeof cnf !== 'object' || cnf === null) throw invalidClaim('cnf');
  const understood = Object.entries(cnf).filter(([method]) => CONFIRMATION_METHODS.includes(method));
  const areThumbprints = understood.every(([, thumbprint]) => typeof thumbprint === 'string' && thumbprint !== '');
  if (understood.length === 0 || !areThumbprints) throw invalidClaim('cnf');
  return Object.fromEntries(understood);
}

function readAuthentication(claims: JWTPayload): Authentication {
  const { auth_time: authTime, amr } = claims;
  const acr = optionalText(claims, 'acr');
  const sid = optionalText(claims, 'sid');
  if (authTime !== undefined && !Number.isFinite(authTime)) throw invalidClaim('auth_time');
  if (amr !== undefined && !(Array.isArray(amr) && amr.every((method) => typeof method === 'string'))) {
    throw invalidClaim('amr');
  }
  return {
    ...(authTime !== undefined && { auth_time: authTime as number }),
    ...(acr !== undefined && { acr }),
    ...(amr !== undefined && { amr }),
    ...(sid !== undefined && { sid }),
  };
}
