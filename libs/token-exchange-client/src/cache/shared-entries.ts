import { ConfigurationError, type Clock } from '@onbehalf/oauth-protocol';
import { ExchangedToken, type ExchangedTokenDetail } from '../tokens/exchanged-token.js';
import { readSealingKey, Sealer } from './sealer.js';
import type { SharedCache, SharedCacheOptions } from './shared-cache.js';

/** A token and the seconds that it may still be reused. */
export interface ReusableToken {
  readonly token: ExchangedToken;
  readonly seconds: number;
}

interface Sealed extends ExchangedTokenDetail {
  /** Seconds since the epoch. */
  readonly reusableUntil: number;
  /** Seconds; bounds the reuse where the clocks of two machines differ. */
  readonly reusableFor: number;
}

const DEFAULT_TIMEOUT = 100;
const PREFIX = 'onbehalf:exchange:';

/** Tokens in the shared cache. Nothing here throws: without the store, each replica exchanges for itself. */
export class SharedEntries {
  readonly #store: SharedCache;
  readonly #sealer: Sealer;
  readonly #timeout: number;
  readonly #clock: Clock;
  #errors = 0;

  constructor(options: SharedCacheOptions, clock: Clock) {
    const keys = [options.encryptionKey, ...(options.previousKeys ?? [])].map(readKey);
    this.#store = options.store;
    this.#sealer = new Sealer(keys);
    this.#timeout = options.timeout ?? DEFAULT_TIMEOUT;
    this.#clock = clock;
  }

  /** How often the store failed, was too slow, or held something that cannot be opened. */
  get errors(): number {
    return this.#errors;
  }

  async get(key: string): Promise<ReusableToken | undefined> {
    const value = await this.#ask(() => this.#store.get(PREFIX + key));
    if (typeof value !== 'string') return undefined;
    const text = this.#sealer.open(key, value);
    if (text === undefined) {
      this.#errors += 1;
      return undefined;
    }
    const { reusableUntil, reusableFor, ...detail } = JSON.parse(text) as Sealed;
    const seconds = Math.min(reusableUntil - this.#clock(), reusableFor);
    return seconds > 0 ? { token: new ExchangedToken(detail), seconds } : undefined;
  }

  async set(key: string, { token, seconds }: ReusableToken): Promise<void> {
    const { tokenType, issuedTokenType, expiresIn, scopes } = token;
    const detail = { token: token.token, tokenType, issuedTokenType, expiresIn, scopes };
    const sealed: Sealed = { ...detail, reusableUntil: this.#clock() + seconds, reusableFor: seconds };
    const value = this.#sealer.seal(key, JSON.stringify(sealed));
    await this.#ask(() => this.#store.set(PREFIX + key, value, Math.ceil(seconds)));
  }

  async delete(key: string): Promise<void> {
    await this.#ask(() => this.#store.delete(PREFIX + key));
  }

  async #ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error('too slow')), this.#timeout);
    try {
      return await Promise.race([work(), late]);
    } catch {
      this.#errors += 1;
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

function readKey(key: Uint8Array | string): Buffer {
  const bytes = readSealingKey(key);
  if (bytes) return bytes;
  throw new ConfigurationError(
    'TokenExchangeModule.cache.shared.encryptionKey',
    '(hidden)',
    '32 random bytes, as such or base64',
  );
}
