import type { RateLimitStore } from '@onbehalf/authorization-ports';
import type { Clock } from '@onbehalf/oauth-protocol';

/** How often something may happen. */
export interface RateLimit {
  readonly hits: number;
  /** Seconds. */
  readonly window: number;
}

/** What is counted, unambiguously. */
export type RateKey = string & { readonly ofRateLimiter: true };

/** The key of what is counted: each part tells it from others. */
export function rateKey(...parts: readonly string[]): RateKey {
  return JSON.stringify(parts) as RateKey;
}

interface Counted {
  readonly window: number;
  /** By all replicas, as far as this one knows. */
  hits: number;
  /** By this replica, not yet told to the store. */
  untold: number;
  resetAt: number;
  timer?: NodeJS.Timeout;
}

/** How long this replica keeps counting alone before it tells the others. Milliseconds. */
const TELL_AFTER = 500;
/** Keys that are remembered; the oldest are forgotten, which the shared counts survive. */
const CAPACITY = 20_000;

/**
 * Holds limits across replicas without a question to the store for each request: what happens is counted here, told to the
 * store twice a second at most, and decided by what is known.
 */
export class RateLimiter {
  readonly #store: RateLimitStore;
  readonly #clock: Clock;
  readonly #counted = new Map<string, Counted>();

  constructor(store: RateLimitStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Seconds until it may happen again; `undefined` when it may now. Asks nobody. */
  wait(key: RateKey, limit: RateLimit): number | undefined {
    const counted = this.#counted.get(key);
    if (!counted || counted.resetAt <= this.#clock()) return undefined;
    return counted.hits + counted.untold >= limit.hits ? counted.resetAt - this.#clock() : undefined;
  }

  /** Counts one more and tells the store soon. */
  count(key: RateKey, { window }: RateLimit): void {
    const counted = this.#open(key, window);
    counted.untold += 1;
    counted.timer ??= setTimeout(() => void this.#tell(key, counted).catch(() => undefined), TELL_AFTER).unref();
  }

  /**
   * Counts one more in the store and waits for its answer, so that no two replicas decide by the same count.
   * @returns seconds until it may happen again when the limit is exceeded
   */
  async hit(key: RateKey, limit: RateLimit): Promise<number | undefined> {
    const { hits, resetIn } = await this.#store.hit(key, limit.window);
    return hits > limit.hits ? Math.max(resetIn, 1) : undefined;
  }

  /** Seconds until it may happen again, by the count of all replicas; `undefined` when it may now. Counts nothing. */
  async waitShared(key: RateKey, limit: RateLimit): Promise<number | undefined> {
    const { hits, resetIn } = await this.#store.hit(key, limit.window, 0);
    return hits >= limit.hits ? Math.max(resetIn, 1) : undefined;
  }

  /** Takes back one hit. */
  async takeBack(key: RateKey, { window }: RateLimit): Promise<void> {
    await this.#store.hit(key, window, -1);
  }

  /** Begins to count anew, here and in the store. */
  async forget(key: RateKey): Promise<void> {
    this.#counted.delete(key);
    await this.#store.forget(key);
  }

  async #tell(key: string, counted: Counted): Promise<void> {
    const told = counted.untold;
    try {
      const { hits, resetIn } = await this.#store.hit(key, counted.window, told);
      counted.hits = hits;
      counted.resetAt = this.#clock() + resetIn;
      counted.untold -= told;
    } finally {
      // what could not be told stays counted here, and is told with what follows
      delete counted.timer;
    }
  }

  #open(key: string, window: number): Counted {
    const now = this.#clock();
    const known = this.#counted.get(key);
    if (known && known.resetAt > now) return known;
    clearTimeout(known?.timer);
    const counted = { window, hits: 0, untold: 0, resetAt: now + window };
    this.#counted.delete(key);
    this.#counted.set(key, counted);
    if (this.#counted.size > CAPACITY) this.#forgetOldest();
    return counted;
  }

  #forgetOldest(): void {
    const [key, counted] = this.#counted.entries().next().value!;
    clearTimeout(counted.timer);
    this.#counted.delete(key);
    // or a flood of others would undo what was counted last
    if (counted.untold > 0) void this.#tell(key, counted).catch(() => undefined);
  }
}
