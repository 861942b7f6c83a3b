import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '@onbehalf/oauth-protocol';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import { jwtSigner, type JwtSigner, type SigningKey } from '../client-authentication/signing-key.js';

/** A key of this process (`true`), or a given one with its public half. */
export type DpopOptions = true | { readonly key: SigningKey; readonly publicJwk: JWK };

interface ProofKey {
  readonly sign: JwtSigner;
  readonly jwk: JWK;
  readonly thumbprint: string;
}

/** Origins whose last nonce is remembered. */
const MAX_NONCES = 100;

/** Proofs of possession of one key, with the nonces that servers ask for. RFC 9449. */
export class DpopProofs {
  readonly #key: Promise<ProofKey>;
  readonly #clock: Clock;
  readonly #nonces = new Map<string, string>();

  constructor(options: DpopOptions, clock: Clock) {
    this.#clock = clock;
    this.#key = options === true ? generateKey('ES256') : givenKey(options.key, options.publicJwk);
    // a bad key is reported where it is used
    this.#key.catch(() => undefined);
  }

  /** The key's thumbprint, which bound tokens name as `cnf.jkt`. RFC 9449 §6.1, RFC 7638. */
  async thumbprint(): Promise<string> {
    return (await this.#key).thumbprint;
  }

  /** A proof for one request, with the hash of the access token that it goes with. RFC 9449 §4.2. */
  async prove(method: string, url: string, accessToken?: string): Promise<string> {
    const { sign, jwk } = await this.#key;
    const { origin, pathname } = new URL(url);
    const nonce = this.#nonces.get(origin);
    const claims = {
      jti: randomUUID(),
      htm: method,
      htu: `${origin}${pathname}`,
      iat: this.#clock(),
      ...(accessToken && { ath: createHash('sha256').update(accessToken).digest('base64url') }),
      ...(nonce && { nonce }),
    };
    return sign({ typ: 'dpop+jwt', jwk }, claims);
  }

  /** Keeps the nonce that the server wants to see in the next proof. RFC 9449 §8, §9. */
  remember(url: string, nonce: string | null | undefined): void {
    if (!nonce) return;
    const { origin } = new URL(url);
    this.#nonces.delete(origin);
    this.#nonces.set(origin, nonce);
    const [oldest] = this.#nonces.keys();
    if (this.#nonces.size > MAX_NONCES && oldest !== undefined) this.#nonces.delete(oldest);
  }
}

async function generateKey(algorithm: SigningAlgorithm): Promise<ProofKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  return givenKey({ algorithm, cryptoKey: privateKey }, await exportJWK(publicKey));
}

async function givenKey(key: SigningKey, publicJwk: JWK): Promise<ProofKey> {
  // RFC 9449 §4.2: the header must not hold the private key
  const { kty, crv, x, y, n, e } = publicJwk;
  const jwk = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })) as JWK;
  return { sign: jwtSigner(key), jwk, thumbprint: await calculateJwkThumbprint(jwk) };
}
