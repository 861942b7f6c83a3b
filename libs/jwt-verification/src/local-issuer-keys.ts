import { createLocalJWKSet, type CryptoKey, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';
import { TokenRejection } from './token-rejection.js';
import type { IssuerKeys } from './trusted-issuer.js';

/** Keys that are given, not fetched. */
export class LocalIssuerKeys implements IssuerKeys {
  readonly #find: ReturnType<typeof createLocalJWKSet>;

  constructor(jwks: JSONWebKeySet) {
    this.#find = createLocalJWKSet(jwks);
  }

  async find(header: JWSHeaderParameters): Promise<CryptoKey> {
    try {
      return await this.#find({ ...header, alg: header.alg ?? '' });
    } catch {
      // none of that id and kind, several, or one that cannot be imported: no key of this issuer verifies the token
      throw new TokenRejection('unknown_key', 'The token is signed with a key that its issuer does not publish');
    }
  }
}
