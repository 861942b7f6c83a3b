import { createPublicKey, type KeyObject } from 'node:crypto';
import { SIGNING_ALGORITHMS } from '@onbehalf/jwt-verification';

const OF_CURVES: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};
const SMALLEST_RSA = 2048;
/** Coordinates, modulus and exponent; base64url without padding. RFC 7518 §6 */
const NUMBERS = ['n', 'e', 'x', 'y'];

/**
 * The algorithms whose signatures can be verified with a JWK: none when it is incomplete, too weak or for something else.
 * RFC 7517 §4, RFC 7518 §6, RFC 8037 §2
 */
export function algorithmsOf(jwk: Readonly<Record<string, unknown>>): readonly string[] {
  const { alg, use = 'sig', key_ops: operations = ['verify'] } = jwk;
  if (use !== 'sig' || !(Array.isArray(operations) && operations.includes('verify')) || !isWellFormed(jwk)) return [];
  try {
    const fitting = algorithmsOfKey(createPublicKey({ key: jwk, format: 'jwk' }));
    return alg === undefined ? fitting : fitting.filter((each) => each === alg);
  } catch {
    return [];
  }
}

function isWellFormed(jwk: Readonly<Record<string, unknown>>): boolean {
  const { kid, x5c: certificates = [] } = jwk;
  const isText = (value: unknown, form = /./): boolean => typeof value === 'string' && form.test(value);
  return (
    (kid === undefined || isText(kid)) &&
    Array.isArray(certificates) &&
    certificates.every((each) => isText(each)) &&
    NUMBERS.every((member) => jwk[member] === undefined || isText(jwk[member], /^[\w-]+$/))
  );
}

function algorithmsOfKey({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): readonly string[] {
  if (type === 'ed25519') return ['EdDSA', 'Ed25519'];
  if (type === 'ec') return OF_CURVES[details?.namedCurve ?? ''] ?? [];
  const { modulusLength = 0, publicExponent = 0n } = details ?? {};
  // RFC 8017 §3.1: the exponent is odd, and at least 3
  const isSound = modulusLength >= SMALLEST_RSA && publicExponent >= 3n && publicExponent % 2n === 1n;
  return type === 'rsa' && isSound ? SIGNING_ALGORITHMS.filter((each) => /^[RP]S/.test(each)) : [];
}
