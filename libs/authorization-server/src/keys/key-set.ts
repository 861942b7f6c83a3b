import { LocalIssuerKeys, type IssuerKeys, type SigningAlgorithm } from '@onbehalf/jwt-verification';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { TokenSigner } from '@onbehalf/token-exchange';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JSONWebKeySet,
  type JWK,
} from 'jose';
import type { CryptoKey, JWTPayload } from 'jose';

/** Algorithms of the server's own tokens: ES256 by default, RS256 because RFC 9068 §2.1 asks for its support. */
export const OWN_ALGORITHMS = ['ES256', 'RS256'] as const satisfies readonly SigningAlgorithm[];

interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly key: CryptoKey;
}

/** Key pairs of this server that never change; {@link SigningKeys} is what changes from one set to the next. */
export class KeySet implements TokenSigner {
  readonly #signing: readonly SigningKey[];

  private constructor(
    /** With private members; never publish it. */
    readonly privateJwks: JSONWebKeySet,
    signing: readonly SigningKey[],
    /** The same keys as the ones that verify. */
    readonly verification: IssuerKeys,
  ) {
    this.#signing = signing;
  }

  /** Fresh keys, one for each of {@link OWN_ALGORITHMS}. */
  static async generate(): Promise<KeySet> {
    return KeySet.of({ keys: await Promise.all(OWN_ALGORITHMS.map(generateKey)) });
  }

  /**
   * The keys of a JWK Set with private members, each with `alg`. The first of an algorithm signs, all verify.
   * @throws ConfigurationError when an algorithm of {@link OWN_ALGORITHMS} has no key
   */
  static async of(jwks: JSONWebKeySet): Promise<KeySet> {
    const keys = await Promise.all(jwks.keys.map(withKid));
    for (const alg of OWN_ALGORITHMS) {
      if (!keys.some((key) => key.alg === alg && key.d !== undefined)) {
        throw new ConfigurationError(
          'signing keys',
          keys.map((key) => key.alg),
          `a private key for ${alg}`,
        );
      }
    }
    const signing = await Promise.all(keys.map(toSigningKey));
    return new KeySet({ keys }, signing, new LocalIssuerKeys({ keys: keys.map(publicPart) }));
  }

  /** Signs with the first key of the algorithm, ES256 unless told. */
  async sign(claims: JWTPayload, { typ, alg = 'ES256' }: { typ: string; alg?: SigningAlgorithm }): Promise<string> {
    const signing = this.#signing.find((key) => key.alg === alg);
    if (!signing) throw new ConfigurationError('signingAlgorithm', alg, OWN_ALGORITHMS.join(', '));
    return new SignJWT(claims).setProtectedHeader({ alg, kid: signing.kid, typ }).sign(signing.key);
  }
}

/** A fresh key pair with its private members. */
export async function generateKey(alg: SigningAlgorithm): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig' };
}

async function withKid(jwk: JWK): Promise<JWK & { kid: string }> {
  return { ...jwk, use: 'sig', kid: jwk.kid ?? (await calculateJwkThumbprint(jwk)) };
}

async function toSigningKey(jwk: JWK & { kid: string }): Promise<SigningKey> {
  return { alg: jwk.alg ?? '', kid: jwk.kid, key: (await importJWK(jwk)) as CryptoKey };
}

/** What of a key may be published. */
export function publicPart({ kty, alg, use, kid, crv, x, y, n, e }: JWK): JWK {
  return { kty, alg, use, kid, crv, x, y, n, e };
}
