import { Buffer } from 'node:buffer';
import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import { CompactSign, importJWK, importPKCS8, type CryptoKey, type JWK } from 'jose';

interface KeyDescription {
  readonly algorithm: SigningAlgorithm;
  /** The `kid` header. */
  readonly keyId?: string;
  /** Further header parameters, such as `x5t#S256`. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/** A private key in one of its forms, or a signer for a key that never leaves its vault. */
export type SigningKey = KeyDescription &
  (
    | { /** PKCS#8. */ readonly pem: string }
    | { readonly jwk: JWK }
    | { readonly cryptoKey: CryptoKey }
    | {
        /** Signs the bytes (RFC 7515 §5.1 step 5) and answers with the signature in its JWS form. */
        readonly sign: (signingInput: Uint8Array) => Promise<Uint8Array>;
      }
  );

/** Makes a JWT from a header and claims. */
export type JwtSigner = (header: object, claims: object) => Promise<string>;

/** A signer for the key; the key is read once. */
export function jwtSigner(key: SigningKey): JwtSigner {
  const fixed = { alg: key.algorithm, ...(key.keyId && { kid: key.keyId }), ...key.header };
  if ('sign' in key) {
    return async (header, claims) => {
      const input = `${encode({ ...fixed, ...header })}.${encode(claims)}`;
      const signature = await key.sign(new TextEncoder().encode(input));
      return `${input}.${Buffer.from(signature).toString('base64url')}`;
    };
  }
  let imported: Promise<CryptoKey> | undefined;
  return async (header, claims) => {
    imported ??= importKey(key);
    return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ ...fixed, ...header })
      .sign(await imported);
  };
}

async function importKey(key: Exclude<SigningKey, { sign: unknown }>): Promise<CryptoKey> {
  if ('cryptoKey' in key) return key.cryptoKey;
  if ('pem' in key) return importPKCS8(key.pem, key.algorithm);
  return (await importJWK(key.jwk, key.algorithm)) as CryptoKey;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
