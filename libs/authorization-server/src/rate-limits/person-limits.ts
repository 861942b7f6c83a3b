import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { rateKey, type RateLimit, type RateLimiter } from './rate-limiter.js';

/** Bounds how often a person may ask about itself, from wherever and by whichever client. */
export class PersonLimits {
  readonly #limiter: RateLimiter;
  readonly #limit: RateLimit;
  readonly #onRefused: () => void;

  constructor(
    limiter: RateLimiter,
    { window, requestsPerAccount }: ServerConfig['rateLimits']['me'],
    onRefused: () => void = () => undefined,
  ) {
    this.#limiter = limiter;
    this.#limit = { hits: requestsPerAccount, window };
    this.#onRefused = onRefused;
  }

  /** Counts a request. Returns the seconds to wait when it may not be made. */
  begin(subject: string): number | undefined {
    const key = rateKey('me', subject);
    const wait = this.#limiter.wait(key, this.#limit);
    if (wait === undefined) this.#limiter.count(key, this.#limit);
    else this.#onRefused();
    return wait;
  }
}
