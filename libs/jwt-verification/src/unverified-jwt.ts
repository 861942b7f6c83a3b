import { decodeJwt, decodeProtectedHeader, type JWTHeaderParameters } from 'jose';
import { TokenRejection } from './token-rejection.js';

/** Longer tokens are refused before they are decoded. Bytes. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** What must be known of a JWT to find the key that verifies it. */
export interface UnverifiedJwt {
  readonly header: JWTHeaderParameters;
  readonly iss: unknown;
}

/**
 * Reads header and issuer of a JWT in compact form, which are anybody's word until the signature is verified. RFC 7519 §7.2.
 * @throws TokenRejection `oversized` or `malformed`
 */
export function readUnverifiedJwt(token: string): UnverifiedJwt {
  if (token.length > MAX_TOKEN_BYTES) throw new TokenRejection('oversized', 'The token is too large');
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every(isBase64url)) throw notAJwt();
  try {
    return { header: decodeProtectedHeader(token) as JWTHeaderParameters, iss: decodeJwt(token).iss };
  } catch {
    throw notAJwt();
  }
}

function notAJwt(): TokenRejection {
  return new TokenRejection('malformed', 'The token is not a JWT');
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
