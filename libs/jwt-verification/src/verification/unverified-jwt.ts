import type { JWTHeaderParameters } from 'jose';
import { TokenRejection } from './token-rejection.js';

/** Longer tokens are refused before they are decoded. Bytes. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** What a JWT says, which is anybody's word until its signature is verified. */
export interface UnverifiedJwt {
  readonly header: JWTHeaderParameters;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Reads header and claims of a JWT in compact form, which are anybody's word until the signature is verified. RFC 7519 §7.2.
 * @throws TokenRejection `oversized` or `malformed`
 */
export function readUnverifiedJwt(token: string): UnverifiedJwt {
  if (token.length > MAX_TOKEN_BYTES) throw new TokenRejection('oversized', 'The token is too large');
  const [first, last] = [token.indexOf('.'), token.lastIndexOf('.')];
  const [header, claims, signature] = [token.slice(0, first), token.slice(first + 1, last), token.slice(last + 1)];
  // a further dot would be in the middle, where base64url has none
  if (first === last || ![header, claims, signature].every(isBase64url)) throw notAJwt();
  return { header: readHeader(header), claims: readObject(claims) };
}

/** Headers that were read: an issuer writes the same one into all its tokens, until it changes its key. */
const headers = new Map<string, JWTHeaderParameters>();
const MOST_HEADERS = 100;
/** Characters. What is longer is not kept. */
const LONGEST_HEADER = 300;

function readHeader(encoded: string): JWTHeaderParameters {
  const known = headers.get(encoded);
  if (known) return known;
  const header = Object.freeze(readObject(encoded)) as object as JWTHeaderParameters;
  if (encoded.length <= LONGEST_HEADER) {
    // whoever sends ever new ones costs the others no more than their reading
    if (headers.size >= MOST_HEADERS) headers.clear();
    headers.set(encoded, header);
  }
  return header;
}

function notAJwt(): TokenRejection {
  return new TokenRejection('malformed', 'The token is not a JWT');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** RFC 7519 §7.2 (3) and (10): a JSON object in UTF-8. */
function readObject(encoded: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(Buffer.from(encoded, 'base64url')));
  } catch {
    throw notAJwt();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notAJwt();
  return value as Readonly<Record<string, unknown>>;
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** What a text may end with, by the rest of its length divided by four: the characters whose spare bits are zero. */
const LAST_CHARACTERS = [undefined, '', 'AQgw', 'AEIMQUYcgkosw048'] as const;

/**
 * Whether this is base64url as RFC 7515 §2 defines it, without padding. Bits that the last character has too many must be
 * zero (RFC 4648 §3.5): otherwise one signature could be written in several ways.
 */
function isBase64url(text: string): boolean {
  const accepted = LAST_CHARACTERS[text.length % 4];
  return BASE64URL.test(text) && (accepted === undefined || accepted.includes(text.at(-1)!));
}
