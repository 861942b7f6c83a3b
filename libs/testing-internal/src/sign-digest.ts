import { constants, createECDH, privateEncrypt, randomBytes, type KeyObject } from 'node:crypto';

/** The order of P-256. FIPS 186-5, SP 800-186 §3.2.1.3 */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** DigestInfo of SHA-256 up to the digest. RFC 8017 §9.2, note 1 */
const SHA256_PREFIX = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** Signs a SHA-256 digest as it is, for tests: RSASSA-PKCS1-v1_5, or ECDSA on P-256 with R and S one after the other. */
export function signDigest(key: KeyObject, digest: Uint8Array): Buffer {
  if (key.asymmetricKeyType === 'ec') return ecdsa(key, digest);
  const padding = constants.RSA_PKCS1_PADDING;
  return privateEncrypt({ key, padding }, Buffer.concat([SHA256_PREFIX, digest]));
}

/** FIPS 186-5 §6.4.1; node:crypto hashes what it signs, so the arithmetic stands here. */
function ecdsa(key: KeyObject, digest: Uint8Array): Buffer {
  const secret = toNumber(Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url'));
  const nonce = (toNumber(randomBytes(48)) % (ORDER - 1n)) + 1n;
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(toBytes(nonce));
  const r = toNumber(curve.getPublicKey().subarray(1, 33)) % ORDER;
  const s = (power(nonce, ORDER - 2n) * (toNumber(digest) + r * secret)) % ORDER;
  return Buffer.concat([toBytes(r), toBytes(s)]);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % ORDER) {
    if (rest & 1n) result = (result * square) % ORDER;
  }
  return result;
}

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const toBytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
