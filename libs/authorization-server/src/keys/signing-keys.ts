import type { IssuerKeys, SigningAlgorithm } from '@onbehalf/jwt-verification';
import type { TokenSigner } from '@onbehalf/token-exchange';
import type { JSONWebKeySet, JWTPayload } from 'jose';
import { KeySet } from './key-set.js';
import type { SigningKey } from './signing-key.js';

/** The keys that this server signs with now: a stable handle on a {@link KeySet} that rotation replaces. */
export class SigningKeys implements TokenSigner {
  /** The keys that verify, as of each moment. */
  readonly verification: IssuerKeys = { find: (header) => this.#current.verification.find(header) };
  readonly #listeners = new Set<() => void>();
  #current: KeySet;

  constructor(keys: KeySet) {
    this.#current = keys;
  }

  /** Fresh keys that end with the process. */
  static async generate(): Promise<SigningKeys> {
    return new SigningKeys(await KeySet.generate());
  }

  /**
   * The keys of a JWK Set with private members, each with `alg`. The first of an algorithm signs, all verify.
   * @throws ConfigurationError when an algorithm of the server has no key
   */
  static async of(jwks: JSONWebKeySet): Promise<SigningKeys> {
    return new SigningKeys(await KeySet.of(jwks));
  }

  /** The keys as of now; the first of an algorithm signs. */
  get current(): readonly SigningKey[] {
    return this.#current.keys;
  }

  /**
   * Resolves when tokens can be signed. Keys in this process always can.
   * @throws OAuthError `temporarily_unavailable` when the keys are elsewhere and cannot be used now
   */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** Signs with the key of the algorithm that signs now, ES256 unless told. */
  sign(claims: JWTPayload, header: { typ: string; alg?: SigningAlgorithm }): Promise<string> {
    return this.#current.sign(claims, header);
  }

  /** From here on these keys sign and verify. */
  replace(keys: KeySet): void {
    this.#current = keys;
    for (const listener of this.#listeners) listener();
  }

  /** @returns what ends it: keys may outlive who listens */
  onReplaced(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
