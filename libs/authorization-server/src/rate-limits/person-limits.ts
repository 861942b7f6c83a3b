import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { rateKey, type RateLimit, type RateLimiter } from './rate-limiter.js';

/** Bounds how often a person may ask about itself, from wherever and by whichever client. */
export class PersonLimits {
  readonly #limiter: RateLimiter;
  readonly #limits: () => ServerConfig['rateLimits']['me'];
  readonly #onRefused: () => void;

  constructor(
    limiter: RateLimiter,
    limits: () => ServerConfig['rateLimits']['me'],
    onRefused: () => void = () => undefined,
  ) {
    this.#limiter = limiter;
    this.#limits = limits;
    this.#onRefused = onRefused;
  }

  /** Counts a request. Returns the seconds to wait when it may not be made. */
  begin(subject: string): number | undefined {
    const key = rateKey('me', subject);
    const { window, requestsPerAccount: hits } = this.#limits();
    const limit: RateLimit = { hits, window };
    const wait = this.#limiter.wait(key, limit);
    if (wait === undefined) this.#limiter.count(key, limit);
    else this.#onRefused();
    return wait;
  }
}
