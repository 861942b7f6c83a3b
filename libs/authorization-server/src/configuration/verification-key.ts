import { createPublicKey, type JsonWebKey } from 'node:crypto';

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
const SMALLEST_RSA = 2048;

/** Whether a JWK is complete, and signatures can be verified with it. RFC 7517 §4, RFC 7518 §6, RFC 8037 §2 */
export function isVerificationKey(jwk: object): boolean {
  const { use = 'sig', key_ops: operations = ['verify'] } = jwk as { use?: unknown; key_ops?: unknown };
  if (use !== 'sig' || !(Array.isArray(operations) && operations.includes('verify'))) return false;
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey({
      key: jwk as JsonWebKey,
      format: 'jwk',
    });
    if (type === 'rsa') return (details?.modulusLength ?? 0) >= SMALLEST_RSA;
    return type === 'ed25519' || (type === 'ec' && CURVES.includes(details?.namedCurve ?? ''));
  } catch {
    return false;
  }
}
