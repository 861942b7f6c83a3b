import { LocalIssuerKeys, type IssuerKeys, type SigningAlgorithm } from '@onbehalf/jwt-verification';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { TokenSigner } from '@onbehalf/token-exchange';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
} from 'jose';
import type { ExternalKey } from './external-signer.js';
import { LocalKey, RemoteKey, type SigningKey } from './signing-key.js';
import type { WatchedSigner } from './watched-signer.js';

/** Algorithms of the server's own tokens: ES256 by default, RS256 because RFC 9068 §2.1 asks for its support. */
export const OWN_ALGORITHMS = ['ES256', 'RS256'] as const satisfies readonly SigningAlgorithm[];

/** Key pairs of this server that never change; {@link SigningKeys} is what changes from one set to the next. */
export class KeySet implements TokenSigner {
  /** The same keys as the ones that verify. */
  readonly verification: IssuerKeys;

  private constructor(
    /** The first of an algorithm signs, all verify. */
    readonly keys: readonly SigningKey[],
  ) {
    this.verification = new LocalIssuerKeys({ keys: keys.map(({ publicJwk }) => publicJwk) });
  }

  /** Fresh keys, one for each of {@link OWN_ALGORITHMS}. */
  static async generate(): Promise<KeySet> {
    return KeySet.of({ keys: await Promise.all(OWN_ALGORITHMS.map(generateKey)) });
  }

  /**
   * The keys of a JWK Set with private members, each with `alg`. The first of an algorithm signs, all verify.
   * @throws ConfigurationError when an algorithm of {@link OWN_ALGORITHMS} has no key, or a key is not private, is for something else, or shares its `kid`
   */
  static async of(jwks: JSONWebKeySet): Promise<KeySet> {
    jwks.keys.forEach(checkMembers);
    const keys = await Promise.all(jwks.keys.map(withKid));
    checkAlgorithms(keys.filter(({ d }) => d !== undefined).map(({ alg }) => alg));
    const kids = keys.map(({ kid }) => kid);
    const twice = kids.find((kid, index) => kids.indexOf(kid) !== index);
    if (twice !== undefined) throw new ConfigurationError('signing keys', twice, 'a kid that no other key has');
    const unable = keys.find(({ d }) => d === undefined);
    if (unable) throw new ConfigurationError('signing keys', unable.kid, 'a private key');
    return new KeySet(await Promise.all(keys.map((key) => LocalKey.of(key))));
  }

  /** Keys of other sets. The first of an algorithm signs, all verify. */
  static joined(keys: readonly SigningKey[]): KeySet {
    return new KeySet(keys);
  }

  /**
   * Keys whose private parts the signer keeps. The first of an algorithm signs, all verify.
   * @throws ConfigurationError when an algorithm of {@link OWN_ALGORITHMS} has no key
   */
  static remote(keys: readonly ExternalKey[], signer: WatchedSigner): KeySet {
    checkAlgorithms(keys.map(({ algorithm }) => algorithm));
    return new KeySet(keys.map((key) => new RemoteKey(key, signer)));
  }

  /** Signs with the first key of the algorithm, ES256 unless told. */
  async sign(claims: JWTPayload, { typ, alg = 'ES256' }: { typ: string; alg?: SigningAlgorithm }): Promise<string> {
    const signing = this.keys.find(({ algorithm }) => algorithm === alg);
    if (!signing) throw new ConfigurationError('signingAlgorithm', alg, OWN_ALGORITHMS.join(', '));
    return signing.sign(claims, typ);
  }
}

/** A fresh key pair with its private members. */
export async function generateKey(alg: SigningAlgorithm): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig' };
}

function checkAlgorithms(given: readonly (string | undefined)[]): void {
  for (const alg of OWN_ALGORITHMS) {
    if (!given.includes(alg))
      throw new ConfigurationError('signing keys', [...new Set(given)], `a private key for ${alg}`);
  }
}

/** RFC 7517 §4.2, §4.5: a key for something else must not sign. */
function checkMembers({ kid, use = 'sig' }: JWK): void {
  const isText = kid === undefined || (typeof kid === 'string' && kid !== '');
  if (!isText) throw new ConfigurationError('signing keys', kid, 'a kid that is a text of one character or more');
  if (use !== 'sig') throw new ConfigurationError('signing keys', kid, 'a key whose use is sig');
}

async function withKid(jwk: JWK): Promise<JWK & { kid: string }> {
  return { ...jwk, use: 'sig', kid: jwk.kid ?? (await calculateJwkThumbprint(jwk)) };
}
