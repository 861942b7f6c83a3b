import { systemClock, type Clock } from '@onbehalf/oauth-protocol';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTHeaderParameters } from 'jose';
import { TokenRejection } from './token-rejection.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Longer tokens are refused before they are decoded. Bytes. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** Seconds that clocks may differ. RFC 7519 §4.1.4. */
export const DEFAULT_CLOCK_TOLERANCE = 15;
export const MAX_CLOCK_TOLERANCE = 30;

export interface JwtExpectations {
  /** Accepted issuers; the token's `iss` must equal one of them. */
  readonly issuers: readonly TrustedIssuer[];
  /** Accepted values of the `typ` header, without `application/` and compared without case (RFC 7515 §4.1.9); absent: any. */
  readonly types?: readonly string[];
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
  checkType(header.typ, expected.types);
  const issuer = findIssuer(token, expected.issuers);
  checkAlgorithm(header.alg, issuer);
  const { payload } = await verifySignature(token, issuer, expected);
  checkAudience(payload.aud, expected.audiences);
  return { header, claims: payload as VerifiedJwt['claims'], issuer };
}

function readHeader(token: string): JWTHeaderParameters {
  if (token.length > MAX_TOKEN_BYTES) throw new TokenRejection('oversized', 'The token is too large');
  try {
    return decodeProtectedHeader(token) as JWTHeaderParameters;
  } catch (error) {
    throw new TokenRejection('malformed', 'The token is not a JWT', { cause: error });
  }
}

// RFC 8725 §3.11: explicit typing
function checkType(typ: unknown, accepted: readonly string[] | undefined): void {
  if (accepted === undefined) return;
  const given = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined;
  if (given === undefined || !accepted.includes(given)) {
    throw new TokenRejection('type', `Invalid token type. Expected '${accepted.join("' or '")}'`);
  }
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
  } catch (error) {
    throw new TokenRejection('malformed', 'The token is not a JWT', { cause: error });
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
      clockTolerance: expected.clockTolerance ?? DEFAULT_CLOCK_TOLERANCE,
      currentDate: new Date((expected.clock ?? systemClock)() * 1000),
    });
  } catch (error) {
    throw toRejection(error);
  }
}

function checkAudience(aud: unknown, accepted: readonly string[] | undefined): void {
  if (accepted === undefined) return;
  const given = (Array.isArray(aud) ? aud : [aud]).filter((value) => typeof value === 'string');
  if (given.some((audience) => accepted.includes(audience))) return;
  throw new TokenRejection('audience', `Invalid audience claim. Expected ${quoted(accepted)}, got ${quoted(given)}`);
}

function quoted(audiences: readonly string[]): string {
  return audiences.length === 0 ? 'none' : audiences.map((audience) => `'${audience}'`).join(', ');
}

function toRejection(error: unknown): unknown {
  if (error instanceof errors.JWTExpired)
    return new TokenRejection('expired', 'The token has expired', { cause: error });
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf')
      return new TokenRejection('not_yet_valid', 'The token is not valid yet', { cause: error });
    return new TokenRejection('claim', `The token's claim "${error.claim}" is missing or invalid`, { cause: error });
  }
  if (error instanceof errors.JOSENotSupported) {
    return new TokenRejection('critical', 'The token has a header that is not supported', { cause: error });
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenRejection('signature', 'The signature of the token is invalid', { cause: error });
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return new TokenRejection('malformed', 'The token is not a valid JWT', { cause: error });
  }
  return error;
}
