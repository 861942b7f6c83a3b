import { createLocalJWKSet, type CryptoKey, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';
import { TokenRejection } from './token-rejection.js';
import type { IssuerKeys } from './trusted-issuer.js';

/** Keys that are given, not fetched. */
export class LocalIssuerKeys implements IssuerKeys {
  readonly #find: ReturnType<typeof createLocalJWKSet>;
  /** Keys that were found, by all that they are looked up by: as many as the set holds, times their algorithms. */
  readonly #found = new Map<string, CryptoKey>();

  constructor(jwks: JSONWebKeySet) {
    this.#find = createLocalJWKSet(jwks);
  }

  async find({ alg = '', kid }: JWSHeaderParameters): Promise<CryptoKey> {
    // the header is anybody's word: only what is a string can be told apart from all else when written as JSON
    if (typeof kid !== 'string' || typeof alg !== 'string') return this.#lookUp({ alg, kid });
    const lookup = JSON.stringify([alg, kid]);
    return this.#found.get(lookup) ?? this.#remember(lookup, await this.#lookUp({ alg, kid }));
  }

  #remember(lookup: string, key: CryptoKey): CryptoKey {
    this.#found.set(lookup, key);
    return key;
  }

  async #lookUp(header: JWSHeaderParameters & { readonly alg: string }): Promise<CryptoKey> {
    try {
      return await this.#find(header);
    } catch {
      // none of that id and kind, several, or one that cannot be imported: no key of this issuer verifies the token
      throw new TokenRejection('unknown_key', 'The token is signed with a key that its issuer does not publish');
    }
  }
}
