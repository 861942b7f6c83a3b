import { createLocalJWKSet, errors, type CryptoKey, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';
import { TokenRejection } from '../verification/token-rejection.js';
import type { IssuerKeys } from '../issuers/trusted-issuer.js';

/** Keys that one token is tried with at most: verifying costs more than sending. */
const MAX_CANDIDATES = 10;

/** Keys that are given, not fetched. */
export class LocalIssuerKeys implements IssuerKeys {
  readonly #find: ReturnType<typeof createLocalJWKSet>;
  /** Keys that were found, by all that they are looked up by: as many as the set holds, times their algorithms. */
  readonly #found = new Map<string, CryptoKey | readonly CryptoKey[]>();

  constructor(jwks: JSONWebKeySet) {
    this.#find = createLocalJWKSet(jwks);
  }

  async find({ alg = '', kid }: JWSHeaderParameters): Promise<CryptoKey | readonly CryptoKey[]> {
    // the header is anybody's word: only what is a string can be told apart from all else when written as JSON
    if (typeof kid !== 'string' || typeof alg !== 'string') return this.#lookUp({ alg, kid });
    const lookup = JSON.stringify([alg, kid]);
    return this.#found.get(lookup) ?? this.#remember(lookup, await this.#lookUp({ alg, kid }));
  }

  #remember<Found extends CryptoKey | readonly CryptoKey[]>(lookup: string, found: Found): Found {
    this.#found.set(lookup, found);
    return found;
  }

  async #lookUp(header: JWSHeaderParameters & { readonly alg: string }): Promise<CryptoKey | readonly CryptoKey[]> {
    try {
      return await this.#find(header);
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) return candidates(error);
      // none of that id and kind, or one that cannot be imported: no key of this issuer verifies the token
      throw unknownKey();
    }
  }
}

/** RFC 7515 §4.1.4, §6: `kid` is a hint. Without it, or where it stands for several keys, any of them may have signed. */
async function candidates(several: errors.JWKSMultipleMatchingKeys): Promise<readonly CryptoKey[]> {
  const keys: CryptoKey[] = [];
  for await (const key of several) keys.push(key);
  if (keys.length > 0 && keys.length <= MAX_CANDIDATES) return keys;
  throw keys.length === 0
    ? unknownKey()
    : new TokenRejection('unknown_key', 'The token does not say which key signed it');
}

function unknownKey(): TokenRejection {
  return new TokenRejection('unknown_key', 'The token is signed with a key that its issuer does not publish');
}
