import type { Clock } from '@onbehalf/oauth-protocol';
import type { CryptoKey, JWSHeaderParameters } from 'jose';
import { discoverJwksUri } from './discover-jwks-uri.js';
import { LocalIssuerKeys } from './local-issuer-keys.js';
import { readJson, type ReadJsonOptions } from '../transport/read-json.js';
import { KeysUnavailable, TokenRejection } from '../verification/token-rejection.js';
import type { IssuerKeys } from '../issuers/trusted-issuer.js';
import { usableKeys } from './usable-keys.js';

/** Where the keys of an issuer are, and how long they are used. */
export interface RemoteIssuerKeysOptions {
  readonly issuer: string;
  /** Where the keys are; absent: found by discovery. */
  readonly jwksUri?: string;
  /** Seconds that fetched keys are used before they are fetched again. A removed key is accepted this long. Default 300. */
  readonly maxAge?: number;
  /** Seconds that they are used when they cannot be fetched again. Default 3600. */
  readonly maxStale?: number;
  /** Seconds between two fetches while keys are at hand, whatever tokens ask for. Default 30. */
  readonly cooldown?: number;
  /** Milliseconds for one fetch. Default 2500. */
  readonly timeout?: number;
  /** Seconds that only grow; default: since the process started. */
  readonly clock?: Clock;
  /** Fetches in place of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Told the outcome of each fetch: what went wrong, or `undefined`. */
  readonly onFetched?: (failure: unknown) => void;
}

/** Bytes of a JWK Set or of the issuer's metadata. */
export const MAX_KEYS_BYTES = 64 * 1024;

/** Share of `maxAge` after which the keys are fetched again in the background, so that no request waits for it. */
const EARLY = 0.8;

/** Steps of the machine's time must not make kept keys older or younger. */
const monotonicClock: Clock = () => Math.floor(performance.now() / 1000);

interface FetchedKeys {
  readonly keys: LocalIssuerKeys;
  readonly at: number;
}

/**
 * The keys that an issuer publishes, fetched when needed and kept. One fetch at a time; failures back off; an issuer that
 * cannot be reached leaves the kept keys in use for a bounded time. RFC 7517 §5, RFC 8414 §2.
 */
export class RemoteIssuerKeys implements IssuerKeys {
  readonly #issuer: string;
  readonly #jwksUri: string | undefined;
  readonly #limits: { readonly maxAge: number; readonly maxStale: number; readonly cooldown: number };
  readonly #http: ReadJsonOptions;
  readonly #clock: Clock;
  readonly #onFetched: (failure: unknown) => void;
  #discoveredJwksUri: string | undefined;
  #fetched: FetchedKeys | undefined;
  #fetching: Promise<void> | undefined;
  #failures = 0;
  #failure: unknown;
  #nextFetchAt = 0;

  constructor(options: RemoteIssuerKeysOptions) {
    const { issuer, jwksUri, maxAge = 300, maxStale = 3600, cooldown = 30, timeout = 2500 } = options;
    this.#issuer = issuer;
    this.#jwksUri = jwksUri;
    this.#limits = { maxAge, maxStale, cooldown };
    this.#http = { timeout, maxBytes: MAX_KEYS_BYTES, fetch: options.fetch };
    this.#clock = options.clock ?? monotonicClock;
    this.#onFetched = options.onFetched ?? (() => undefined);
  }

  async find(header: JWSHeaderParameters): Promise<CryptoKey | readonly CryptoKey[]> {
    const keys = await this.#currentKeys();
    try {
      return await keys.find(header);
    } catch (error) {
      if (!(error instanceof TokenRejection && error.code === 'unknown_key')) throw error;
      return (await this.#keysAfterUnknown(error)).find(header);
    }
  }

  async ready(): Promise<void> {
    await this.#currentKeys();
  }

  async #currentKeys(): Promise<LocalIssuerKeys> {
    const { maxAge, maxStale } = this.#limits;
    const age = this.#age();
    if (age < maxAge * EARLY) return this.#fetched!.keys;
    if (this.#mayFetch()) void this.#fetch();
    // kept keys serve while the fetch runs, unless they are past their age and the issuer was well at the last attempt
    if (age > maxStale || (age >= maxAge && this.#failures === 0)) await this.#fetching;
    if (this.#age() > maxStale) throw this.#unavailable();
    return this.#fetched!.keys;
  }

  /** The keys after a token named an unknown one: it may be new, so they are fetched again, as far as the cooldown allows. */
  async #keysAfterUnknown(rejection: TokenRejection): Promise<LocalIssuerKeys> {
    const before = this.#fetched;
    await (this.#mayFetch() ? this.#fetch() : this.#fetching);
    // while the issuer cannot be asked, nobody can say that the key is not one of its
    if (this.#failures > 0) throw this.#unavailable();
    if (this.#fetched === before) throw rejection;
    return this.#fetched!.keys;
  }

  /** Seconds since the kept keys were fetched; infinite when there are none. */
  #age(): number {
    return this.#fetched === undefined ? Infinity : this.#clock() - this.#fetched.at;
  }

  #mayFetch(): boolean {
    return this.#fetching === undefined && this.#clock() >= this.#nextFetchAt;
  }

  /** Never rejects: a failure is kept until the next attempt. */
  #fetch(): Promise<void> {
    this.#fetching = this.#fetchKeys()
      .then(
        (keys) => this.#succeeded(keys),
        (error: unknown) => this.#failed(error),
      )
      .finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetchKeys(): Promise<LocalIssuerKeys> {
    const jwksUri = this.#jwksUri ?? (this.#discoveredJwksUri ??= await discoverJwksUri(this.#issuer, this.#http));
    return new LocalIssuerKeys(usableKeys(await readJson(jwksUri, this.#http)));
  }

  #succeeded(keys: LocalIssuerKeys): void {
    const at = this.#clock();
    this.#fetched = { keys, at };
    this.#failures = 0;
    this.#failure = undefined;
    this.#onFetched(undefined);
    this.#nextFetchAt = at + this.#limits.cooldown;
  }

  #failed(error: unknown): void {
    const { cooldown, maxStale } = this.#limits;
    // the issuer may have moved its keys
    this.#discoveredJwksUri = undefined;
    this.#failure = error;
    this.#onFetched(error);
    const backOff = Math.min(cooldown, 2 ** this.#failures++);
    this.#nextFetchAt = this.#clock() + (this.#age() > maxStale ? backOff : cooldown);
  }

  #unavailable(): KeysUnavailable {
    const retryAfter = Math.max(1, this.#nextFetchAt - this.#clock());
    return new KeysUnavailable(this.#issuer, retryAfter, { cause: this.#failure });
  }
}
