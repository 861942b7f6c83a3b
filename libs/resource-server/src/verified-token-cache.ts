import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import type { Clock } from '@onbehalf/oauth-protocol';
import { hash } from 'node:crypto';

export interface VerifiedTokenCacheSettings {
  /** Tokens that are kept; the one used longest ago goes first. */
  readonly maxEntries: number;
  /** Seconds that a verification counts; a key that the issuer removed is accepted this much longer. */
  readonly maxAge: number;
  readonly clock: Clock;
}

interface Entry {
  readonly token: VerifiedAccessToken;
  readonly expiresAt: number;
}

/**
 * Remembers which tokens were verified, by their hash. One cache belongs to one configuration of the guard: there is
 * nothing in it for another audience. Proofs and revocation are judged at every request all the same.
 */
export class VerifiedTokenCache {
  readonly #settings: VerifiedTokenCacheSettings;
  readonly #entries = new Map<string, Entry>();

  constructor(settings: VerifiedTokenCacheSettings) {
    this.#settings = settings;
  }

  /** The verified token for this text, from the cache or from `verify`; only successes are kept. */
  async get(token: string, verify: () => Promise<VerifiedAccessToken>): Promise<VerifiedAccessToken> {
    const key = hash('sha256', token, 'base64');
    const known = this.#entries.get(key);
    const now = this.#settings.clock();
    if (known && now < known.expiresAt) {
      this.#keep(key, known);
      return known.token;
    }
    this.#entries.delete(key);
    // many requests will share it
    const verified = frozen(await verify());
    this.#keep(key, { token: verified, expiresAt: Math.min(now + this.#settings.maxAge, verified.expiresAt) });
    return verified;
  }

  #keep(key: string, entry: Entry): void {
    // a Map keeps the order of insertion: the first is the one used longest ago
    this.#entries.delete(key);
    if (this.#entries.size >= this.#settings.maxEntries) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, entry);
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
