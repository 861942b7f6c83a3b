import type { JSONWebKeySet, JWK } from 'jose';

/** More keys than any issuer publishes. */
const MAX_KEYS = 100;

const ASYMMETRIC = ['RSA', 'EC', 'OKP'];

/**
 * The keys of a fetched JWK Set that may verify signatures (RFC 7517 §5): public, asymmetric, not for encryption.
 * Keys of another kind are left out, as RFC 7517 §5 asks.
 * @throws Error when the document is no JWK Set or holds no such key
 */
export function usableKeys(document: unknown): JSONWebKeySet {
  const keys = (document as Partial<JSONWebKeySet> | null)?.keys;
  if (!Array.isArray(keys)) throw new Error('the document is not a JWK Set');
  if (keys.length > MAX_KEYS) throw new Error(`the JWK Set holds more than ${MAX_KEYS} keys`);
  const usable = keys.filter(isUsable);
  if (usable.length === 0) throw new Error('the JWK Set holds no key for signatures');
  return { keys: usable };
}

function isUsable(key: unknown): key is JWK {
  if (typeof key !== 'object' || key === null) return false;
  const { kty, use, d } = key as JWK;
  // a published private key is nobody's key any more
  return ASYMMETRIC.includes(kty as string) && (use === undefined || use === 'sig') && d === undefined;
}
