import { rateKey, type RateKey, type RateLimit, type RateLimiter } from '@onbehalf/authorization-server';
import type { CustomSubjectTokensSettings } from './custom-subject-tokens.schema.js';

/** Who presents a token. */
export interface Caller {
  readonly clientId: string;
  readonly address: string;
}

type Limited = readonly [RateKey, RateLimit];

/** Limits guessing: how many bad tokens are judged, for all replicas together, of a client at an address and of an address. */
export class FailureLimits {
  readonly #limiter: Pick<RateLimiter, 'hit' | 'waitShared'>;
  readonly #settings: CustomSubjectTokensSettings['failures'];

  constructor(limiter: Pick<RateLimiter, 'hit' | 'waitShared'>, settings: CustomSubjectTokensSettings['failures']) {
    this.#limiter = limiter;
    this.#settings = settings;
  }

  /** Seconds to wait before another token is looked at; `undefined`: none. Counts nothing. */
  async wait(caller: Caller): Promise<number | undefined> {
    const waits = await Promise.all(this.#limitsOf(caller).map((limited) => this.#limiter.waitShared(...limited)));
    return longest(waits);
  }

  /**
   * Counts a bad token.
   * @returns seconds to wait when so many came at once that this one, too, is not to be told from a good one
   */
  async failed(caller: Caller): Promise<number | undefined> {
    const waits = [];
    for (const limited of this.#limitsOf(caller)) waits.push(await this.#limiter.hit(...limited));
    return longest(waits);
  }

  #limitsOf({ clientId, address }: Caller): readonly Limited[] {
    const { window, perClient, perAddress } = this.#settings;
    return [
      [rateKey('custom-subject-tokens', address), { hits: perAddress, window }],
      [rateKey('custom-subject-tokens', address, clientId), { hits: perClient, window }],
    ];
  }
}

function longest(waits: readonly (number | undefined)[]): number | undefined {
  const told = waits.filter((wait) => wait !== undefined);
  return told.length === 0 ? undefined : Math.max(...told);
}
