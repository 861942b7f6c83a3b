import { systemClock, type Clock } from '@onbehalf/oauth-protocol';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTHeaderParameters } from 'jose';
import { TokenRejection } from './token-rejection.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Longer tokens are refused before they are decoded. Bytes. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** Seconds that clocks may differ, and no more whatever is asked for. RFC 7519 §4.1.4: "usually no more than a few minutes". */
export const MAX_CLOCK_TOLERANCE = 30;
export const DEFAULT_CLOCK_TOLERANCE = MAX_CLOCK_TOLERANCE;

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
  const header = readHeader(token);
  const issuer = findIssuer(token, expected.issuers);
  checkType(header.typ, typeof expected.types === 'function' ? expected.types(issuer) : expected.types);
  checkAlgorithm(header.alg, issuer);
  const { payload } = await verifySignature(token, issuer, expected);
  checkDates(payload, expected);
  checkAudience(payload.aud, expected.audiences);
  return { header, claims: payload as VerifiedJwt['claims'], issuer };
}

function readHeader(token: string): JWTHeaderParameters {
  if (token.length > MAX_TOKEN_BYTES) throw new TokenRejection('oversized', 'The token is too large');
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every(isBase64url)) throw new TokenRejection('malformed', 'The token is not a JWT');
  try {
    return decodeProtectedHeader(token) as JWTHeaderParameters;
  } catch {
    throw new TokenRejection('malformed', 'The token is not a JWT');
  }
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/**
 * Whether this is base64url as RFC 7515 §2 defines it, without padding. Bits that the last character has too many must be
 * zero (RFC 4648 §3.5): otherwise one signature could be written in several ways.
 */
function isBase64url(text: string): boolean {
  if (!BASE64URL.test(text)) return false;
  const spareBits = [0, undefined, 0b1111, 0b11][text.length % 4];
  if (spareBits === undefined) return false;
  return spareBits === 0 || ((Buffer.from(`${text.at(-1)}A`, 'base64url')[0]! >> 2) & spareBits) === 0;
}

// RFC 8725 §3.11: explicit typing
function checkType(typ: unknown, accepted: readonly string[] | undefined): void {
  if (accepted === undefined) return;
  const given = typ === undefined ? '' : typeof typ === 'string' ? mediaSubtype(typ) : undefined;
  if (given === undefined || !accepted.includes(given)) {
    throw new TokenRejection('type', `Invalid token type. Expected ${quoted(accepted)}`);
  }
}

// RFC 7515 §4.1.9: media types are compared without case, and application/ may be left out; an empty typ is no absent one
function mediaSubtype(typ: string): string | undefined {
  return typ.toLowerCase().replace(/^application\//, '') || undefined;
}

function findIssuer(token: string, issuers: readonly TrustedIssuer[]): TrustedIssuer {
  const iss = readIssuer(token);
  const issuer = issuers.find((trusted) => trusted.issuer === iss);
  if (!issuer) throw new TokenRejection('issuer', 'The issuer of the token is not trusted');
  return issuer;
}

function readIssuer(token: string): unknown {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw new TokenRejection('malformed', 'The token is not a JWT');
  }
}

// RFC 8725 §3.1: only the algorithms that this issuer is pinned to
function checkAlgorithm(alg: unknown, issuer: TrustedIssuer): void {
  if (!(issuer.algorithms as readonly unknown[]).includes(alg)) {
    throw new TokenRejection('algorithm', 'The signature algorithm of the token is not accepted');
  }
}

async function verifySignature(token: string, issuer: TrustedIssuer, expected: JwtExpectations) {
  try {
    return await jwtVerify(token, (header) => issuer.keys.find(header), {
      algorithms: [...issuer.algorithms],
      issuer: issuer.issuer,
      requiredClaims: ['exp', ...(expected.requiredClaims ?? [])],
      clockTolerance: tolerance(expected),
      currentDate: new Date((expected.clock ?? systemClock)() * 1000),
    });
  } catch (error) {
    throw toRejection(error);
  }
}

// jose lets any number pass as a date, and iat unless a maximum age is asked for
function checkDates({ exp, iat, nbf }: JWTPayload, expected: JwtExpectations): void {
  for (const [claim, date] of Object.entries({ exp, iat, nbf })) {
    if (date !== undefined && !Number.isFinite(date)) throw invalidClaim(claim);
  }
  if (iat !== undefined && iat > (expected.clock ?? systemClock)() + tolerance(expected)) {
    throw new TokenRejection('not_yet_valid', 'The token is not valid yet');
  }
}

function tolerance({ clockTolerance = DEFAULT_CLOCK_TOLERANCE }: JwtExpectations): number {
  return Math.min(clockTolerance, MAX_CLOCK_TOLERANCE);
}

function checkAudience(aud: unknown, accepted: readonly string[] | undefined): void {
  if (accepted === undefined) return;
  const given: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  // RFC 7519 §4.1.3: a case-sensitive string, or a list of them
  if (!given.every((value) => typeof value === 'string')) throw invalidClaim('aud');
  if (given.some((audience) => accepted.includes(audience))) return;
  throw new TokenRejection('audience', `Invalid audience claim. Expected ${quoted(accepted)}, got ${quoted(given)}`);
}

function quoted(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.map((value) => (value === '' ? 'none' : `'${value}'`)).join(', ');
}

function invalidClaim(name: string): TokenRejection {
  return new TokenRejection('claim', `The token's claim "${name}" is missing or invalid`);
}

// jose's errors are no cause of ours: they carry the claims, and a syntax error quotes what it could not parse
function toRejection(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return new TokenRejection('expired', 'The token has expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf' && error.reason === 'check_failed')
      return new TokenRejection('not_yet_valid', 'The token is not valid yet');
    return invalidClaim(error.claim);
  }
  if (error instanceof errors.JOSENotSupported) {
    return new TokenRejection('critical', 'The token has a header that is not supported');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenRejection('signature', 'The signature of the token is invalid');
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return new TokenRejection('malformed', 'The token is not a valid JWT');
  }
  return error;
}
