import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { rateKey, type RateKey, type RateLimit, type RateLimiter } from './rate-limiter.js';

/** Bounds how often passwords can be guessed: for one account from one address, and from one address for all accounts. */
export class LoginLimits {
  readonly #limiter: RateLimiter;
  readonly #limits: () => ServerConfig['rateLimits']['login'];
  readonly #onRefused: () => void;

  constructor(
    limiter: RateLimiter,
    limits: () => ServerConfig['rateLimits']['login'],
    onRefused: () => void = () => undefined,
  ) {
    this.#onRefused = onRefused;
    this.#limiter = limiter;
    this.#limits = limits;
  }

  /** Seconds to wait when no attempt may be made now. Counts nothing. */
  async wait(address: string, username: string): Promise<number | undefined> {
    return this.#told(
      (await this.#limiter.waitShared(addressKey(address), this.#perAddress)) ??
        (await this.#limiter.waitShared(accountKey(address, username), this.#perAccount)),
    );
  }

  /**
   * Counts an attempt before its password is looked at, so that attempts at the same time cannot pass together; one that
   * succeeds is taken back.
   * @returns seconds to wait when the attempt may not be made. Says the same of accounts that do not exist.
   */
  async attempt(address: string, username: string): Promise<number | undefined> {
    // the address first: one that may not go on keeps nothing here under names of its choice
    return this.#told(
      (await this.#limiter.hit(addressKey(address), this.#perAddress)) ??
        (await this.#limiter.hit(accountKey(address, username), this.#perAccount)),
    );
  }

  async succeeded(address: string, username: string): Promise<void> {
    await this.#limiter.forget(accountKey(address, username));
    await this.#limiter.takeBack(addressKey(address), this.#perAddress);
  }

  get #perAccount(): RateLimit {
    const { window, failuresPerAccount: hits } = this.#limits();
    return { hits, window };
  }

  get #perAddress(): RateLimit {
    const { window, failuresPerAddress: hits } = this.#limits();
    return { hits, window };
  }

  #told(wait: number | undefined): number | undefined {
    if (wait !== undefined) this.#onRefused();
    return wait;
  }
}

const accountKey = (address: string, username: string): RateKey => rateKey('login', address, username.toLowerCase());
const addressKey = (address: string): RateKey => rateKey('login', address);
