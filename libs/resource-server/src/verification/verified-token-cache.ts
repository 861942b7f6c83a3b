import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { stillHolds, type Clock } from '@onbehalf/oauth-protocol';
import { LRUCache } from 'lru-cache';
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
  /** Seconds since the epoch. */
  readonly verifiedAt: number;
}

/**
 * Remembers which tokens were verified, by their hash. One cache belongs to one configuration of the guard: there is
 * nothing in it for another audience. Proofs and revocation are judged at every request all the same.
 */
export class VerifiedTokenCache {
  readonly #settings: VerifiedTokenCacheSettings;
  readonly #entries: LRUCache<string, Entry>;

  constructor(settings: VerifiedTokenCacheSettings) {
    this.#settings = settings;
    this.#entries = new LRUCache({ max: settings.maxEntries });
  }

  /** The verified token for this text, from the cache or from `verify`; only successes are kept. */
  async get(token: string, verify: () => Promise<VerifiedAccessToken>): Promise<VerifiedAccessToken> {
    const key = hash('sha256', token, 'base64');
    const known = this.#entries.get(key);
    const { clock, maxAge } = this.#settings;
    const now = clock();
    if (known && stillHolds(known.verifiedAt, maxAge, now) && now < known.token.expiresAt) return known.token;
    this.#entries.delete(key);
    // many requests will share it
    const verified = frozen(await verify());
    this.#entries.set(key, { token: verified, verifiedAt: now });
    return verified;
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
