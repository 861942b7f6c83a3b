import type { ServerConfig } from '../configuration/server-config.schema.js';
import { rateKey, type RateKey, type RateLimit, type RateLimiter } from './rate-limiter.js';

/** Bounds how often passwords can be guessed: for one account from one address, and from one address for all accounts. */
export class LoginLimits {
  readonly #limiter: RateLimiter;
  readonly #perAccount: RateLimit;
  readonly #perAddress: RateLimit;
  readonly #onRefused: () => void;

  constructor(
    limiter: RateLimiter,
    { window, failuresPerAccount, failuresPerAddress }: ServerConfig['rateLimits']['login'],
    onRefused: () => void = () => undefined,
  ) {
    this.#onRefused = onRefused;
    this.#limiter = limiter;
    this.#perAccount = { hits: failuresPerAccount, window };
    this.#perAddress = { hits: failuresPerAddress, window };
  }

  /**
   * Counts an attempt before its password is looked at, so that attempts at the same time cannot pass together; one that
   * succeeds is taken back.
   * @returns seconds to wait when the attempt may not be made. Says the same of accounts that do not exist.
   */
  async attempt(address: string, username: string): Promise<number | undefined> {
    const waits = [
      await this.#limiter.hit(accountKey(address, username), this.#perAccount),
      await this.#limiter.hit(addressKey(address), this.#perAddress),
    ];
    const wait = waits.find((each) => each !== undefined);
    if (wait !== undefined) this.#onRefused();
    return wait;
  }

  async succeeded(address: string, username: string): Promise<void> {
    await this.#limiter.forget(accountKey(address, username));
    await this.#limiter.takeBack(addressKey(address), this.#perAddress);
  }
}

const accountKey = (address: string, username: string): RateKey => rateKey('login', address, username.toLowerCase());
const addressKey = (address: string): RateKey => rateKey('login', address);
