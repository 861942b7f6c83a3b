import { systemClock, type Clock } from '@onbehalf/oauth-protocol';
import { jwtVerify, type CryptoKey, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { toRejection } from './jose-rejection.js';
import { invalidClaim, TokenRejection } from './token-rejection.js';
import type { SigningAlgorithm, TrustedIssuer } from '../issuers/trusted-issuer.js';
import { readUnverifiedJwt } from './unverified-jwt.js';

/** Seconds that clocks may differ, and no more whatever is asked for. RFC 7519 §4.1.4: "usually no more than a few minutes". */
export const MAX_CLOCK_TOLERANCE = 30;
/** Seconds that clocks may differ unless told. */
export const DEFAULT_CLOCK_TOLERANCE = MAX_CLOCK_TOLERANCE;

/** What a JWT must be to be accepted. */
export interface JwtExpectations {
  /** Accepted issuers; the token's `iss` must equal one of them. */
  readonly issuers: readonly TrustedIssuer[];
  /**
   * Accepted values of the `typ` header, lower case and without `application/` (RFC 7515 §4.1.9), the empty string standing
   * for no `typ`, or a function that tells them for an issuer; absent: any.
   */
  readonly types?: readonly string[] | ((issuer: TrustedIssuer) => readonly string[]);
  /** Claims that must be present, beside `iss` and `exp`. */
  readonly requiredClaims?: readonly string[];
  /** One of these must be in `aud`; absent: the caller judges the audience itself. */
  readonly audiences?: readonly string[];
  /** Claims of an issuer that say whom a token is for; the first that is present counts. Default `aud`. */
  readonly audienceClaims?: (issuer: TrustedIssuer) => readonly string[];
  /** Seconds, at most {@link MAX_CLOCK_TOLERANCE}. */
  readonly clockTolerance?: number;
  readonly clock?: Clock;
}

/** A JWT whose signature, issuer, type and dates are right. */
export interface VerifiedJwt {
  readonly header: JWTHeaderParameters;
  readonly claims: JWTPayload & { readonly iss: string; readonly exp: number };
  readonly issuer: TrustedIssuer;
}

/**
 * Verifies a signed JWT of a trusted issuer. RFC 7519 §7.2, RFC 8725 §3.
 * @throws TokenRejection when the token is refused
 * @throws KeysUnavailable when the issuer's keys cannot be had now
 */
export async function verifyJwt(token: string, expected: JwtExpectations): Promise<VerifiedJwt> {
  const { header, claims } = readUnverifiedJwt(token);
  const issuer = findIssuer(claims['iss'], expected.issuers);
  checkType(header.typ, typeof expected.types === 'function' ? expected.types(issuer) : expected.types);
  checkAlgorithm(header.alg, issuer);
  const payload = await verifySignature(token, header, issuer, expected);
  checkDates(payload, expected);
  checkAudience(payload, issuer, expected);
  return { header, claims: payload as VerifiedJwt['claims'], issuer };
}

// RFC 8725 §3.11: explicit typing
function checkType(typ: unknown, accepted: readonly string[] | undefined): void {
  if (accepted === undefined) return;
  const given = typ === undefined ? '' : mediaSubtype(typ);
  if (given === undefined || !accepted.includes(given)) {
    throw new TokenRejection('type', `Invalid token type. Expected ${quoted(accepted)}`);
  }
}

/**
 * The value of a `typ` header as it is compared: in lower case and without `application/`; `undefined` when it is empty or no
 * string. RFC 7515 §4.1.9.
 */
export function mediaSubtype(typ: unknown): string | undefined {
  return (typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '')) || undefined;
}

function findIssuer(iss: unknown, issuers: readonly TrustedIssuer[]): TrustedIssuer {
  const issuer = issuers.find((trusted) => trusted.issuer === iss);
  if (!issuer) throw new TokenRejection('issuer', 'The issuer of the token is not trusted');
  return issuer;
}

// RFC 8725 §3.1: only the algorithms that this issuer is pinned to
function checkAlgorithm(alg: unknown, issuer: TrustedIssuer): void {
  if (!(issuer.algorithms as readonly unknown[]).includes(alg)) {
    throw new TokenRejection('algorithm', 'The signature algorithm of the token is not accepted');
  }
}

async function verifySignature(
  token: string,
  header: JWTHeaderParameters,
  issuer: TrustedIssuer,
  expected: JwtExpectations,
): Promise<JWTPayload> {
  // what goes wrong on the way to the key says nothing about the token
  const found = await issuer.keys.find(header);
  const keys = 'length' in found ? found : [found];
  let rejection: unknown;
  for (const key of keys) {
    try {
      return await verifyWith(key, token, issuer, expected);
    } catch (error) {
      rejection = toRejection(error);
      // another key may have signed it; what the claims say would stay the same
      if (!(rejection instanceof TokenRejection && rejection.code === 'signature')) break;
    }
  }
  throw rejection;
}

async function verifyWith(
  key: CryptoKey,
  token: string,
  issuer: TrustedIssuer,
  expected: JwtExpectations,
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, key, {
    algorithms: issuer.algorithms as SigningAlgorithm[],
    issuer: issuer.issuer,
    requiredClaims: ['exp', ...(expected.requiredClaims ?? [])],
    clockTolerance: tolerance(expected),
    currentDate: new Date((expected.clock ?? systemClock)() * 1000),
  });
  return payload;
}

// jose lets any number pass as a date, and iat unless a maximum age is asked for
function checkDates({ exp, iat, nbf }: JWTPayload, expected: JwtExpectations): void {
  checkDate('exp', exp);
  checkDate('iat', iat);
  checkDate('nbf', nbf);
  if (iat !== undefined && iat > (expected.clock ?? systemClock)() + tolerance(expected)) {
    throw new TokenRejection('not_yet_valid', 'The token is not valid yet');
  }
}

function checkDate(claim: string, date: unknown): void {
  if (date !== undefined && !Number.isFinite(date)) throw invalidClaim(claim);
}

function tolerance({ clockTolerance = DEFAULT_CLOCK_TOLERANCE }: JwtExpectations): number {
  return Math.min(clockTolerance, MAX_CLOCK_TOLERANCE);
}

function checkAudience(payload: JWTPayload, issuer: TrustedIssuer, expected: JwtExpectations): void {
  const { audiences: accepted, audienceClaims } = expected;
  if (accepted === undefined) return;
  const claim = firstPresent(payload, audienceClaims?.(issuer) ?? ['aud']);
  const given: readonly unknown[] = [payload[claim]].flat();
  // RFC 7519 §4.1.3: a case-sensitive string, or a list of them
  if (!given.every((value) => typeof value === 'string')) throw invalidClaim(claim);
  if (given.some((audience) => accepted.includes(audience))) return;
  throw new TokenRejection('audience', `Invalid audience claim. Expected ${quoted(accepted)}, got ${quoted(given)}`);
}

/** The first of these claims that the token has; the first of all when it has none. */
export function firstPresent(claims: JWTPayload, names: readonly string[]): string {
  return names.find((name) => Object.hasOwn(claims, name)) ?? names[0]!;
}

function quoted(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.map((value) => (value === '' ? 'none' : `'${value}'`)).join(', ');
}
