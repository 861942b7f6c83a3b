import { MAX_TOKEN_BYTES, type SigningAlgorithm } from '@onbehalf/jwt-verification';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify, type JWK, type JWTPayload } from 'jose';
import { createHash } from 'node:crypto';

/** A proof that is refused. RFC 9449 §7.1: `invalid_dpop_proof`. */
export class InvalidDpopProof extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidDpopProof';
  }
}

/** What a proof must be made for. */
export interface DpopExpectations {
  readonly method: string;
  /** The URL of the request as the client sees it. */
  readonly url: string;
  readonly accessToken: string;
  readonly algorithms: readonly SigningAlgorithm[];
  /** Seconds since the epoch. */
  readonly now: number;
  /** Seconds that a proof may be old. */
  readonly maxAge: number;
  /** Seconds that the client's clock may be ahead. */
  readonly clockTolerance: number;
}

/** A proof whose signature and contents are right; whether it was used before is not judged. */
export interface DpopProof {
  /** Thumbprint of the key, RFC 7638. */
  readonly jkt: string;
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly nonce: unknown;
}

/**
 * Verifies a DPoP proof. RFC 9449 §4.3.
 * @throws InvalidDpopProof
 */
export async function verifyDpopProof(proof: string, expected: DpopExpectations): Promise<DpopProof> {
  if (proof.length > MAX_TOKEN_BYTES) throw new InvalidDpopProof('The DPoP proof is too large');
  const { payload, jwk } = await verifySignature(proof, expected);
  const { jti, iat, htm, htu, ath, nonce } = payload;
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) throw invalid('jti');
  if (htm !== expected.method) throw invalid('htm');
  if (typeof htu !== 'string' || !isSameTarget(htu, expected.url)) throw invalid('htu');
  if (typeof iat !== 'number' || !isWithin(iat, expected)) throw invalid('iat');
  // RFC 9449 §4.3 (12): the value of the ath claim equals the hash of that access token
  if (ath !== createHash('sha256').update(expected.accessToken).digest('base64url')) throw invalid('ath');
  return { jkt: await calculateJwkThumbprint(jwk), jti, iat, nonce };
}

async function verifySignature(
  proof: string,
  { algorithms, now, clockTolerance }: DpopExpectations,
): Promise<{ payload: JWTPayload; jwk: JWK }> {
  try {
    // EmbeddedJWK refuses a private key, RFC 9449 §4.3 (7)
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: [...algorithms],
      currentDate: new Date(now * 1000),
      clockTolerance,
    });
    return { payload, jwk: protectedHeader.jwk! };
  } catch {
    throw new InvalidDpopProof('The DPoP proof is not a valid proof JWT');
  }
}

function invalid(claim: string): InvalidDpopProof {
  return new InvalidDpopProof(`The DPoP proof's claim ${claim} is missing or does not match`);
}

// RFC 9449 §4.3 (9): compared without query and fragment, after the normalization of RFC 3986 §6.2.2 and §6.2.3
function isSameTarget(htu: string, url: string): boolean {
  return URL.canParse(htu) && withoutQuery(htu) === withoutQuery(url);
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/%[0-9a-f]{2}/gi, (octet) => normalized(octet.toUpperCase()));
}

// RFC 3986 §6.2.2.2: percent-encoded unreserved characters are decoded
function normalized(octet: string): string {
  const character = String.fromCharCode(parseInt(octet.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(character) ? character : octet;
}

function isWithin(iat: number, { now, maxAge, clockTolerance }: DpopExpectations): boolean {
  return iat >= now - maxAge - clockTolerance && iat <= now + clockTolerance;
}
