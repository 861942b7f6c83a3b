import type { ExchangedToken } from '../exchange/exchanged-token.js';
import { ExchangeRefused } from '../exchange/exchange-errors.js';
import { BoundedEntries, type Bounds } from './bounded-entries.js';
import { expiryIn, isExpired, reusableFor, type Clocks, type Expiry } from './expiry.js';
import { SingleFlight } from './single-flight.js';

export interface ExchangeCacheOptions extends Bounds {
  /** Seconds before a token's end at which it is no longer handed out. */
  readonly expirySkew: number;
  /** Seconds that a refusal is remembered. */
  readonly negativeLifetime: number;
  readonly clocks: Clocks;
}

/** One exchange, as the cache sees it. */
export interface CacheableExchange {
  readonly key: string;
  /** The SHA-256 of the subject token; `undefined` for the service's own tokens. */
  readonly subjectHash?: string;
  /** Seconds since the epoch. */
  readonly subjectExpiresAt?: number;
  readonly tenant?: string;
}

/** Where a token came from: the cache, a flight that was under way, or an exchange of its own. */
export type TokenOrigin = 'hit' | 'joined' | 'exchanged';

export interface ObtainedToken {
  readonly token: ExchangedToken;
  readonly origin: TokenOrigin;
  readonly key: string;
}

export interface CacheMetrics {
  readonly hits: number;
  readonly negativeHits: number;
  readonly misses: number;
  /** Calls that waited for an exchange that another call had begun. */
  readonly joined: number;
  /** Exchanges under way. */
  readonly flights: number;
  /** Entries that had to leave for others. */
  readonly evictions: number;
  /** Entries that a downstream service refused, or that were forgotten. */
  readonly invalidations: number;
  readonly entries: number;
  readonly bytes: number;
}

interface Entry {
  readonly outcome: ExchangedToken | ExchangeRefused;
  readonly expiry: Expiry;
  readonly size: number;
  readonly subjectHash: string | undefined;
  readonly tenant: string | undefined;
}

/** What one entry takes beside its token: key, hashes, numbers, the map's own. Bytes, rounded up. */
const ENTRY_OVERHEAD = 1024;

/** Exchanged tokens, bounded, each under a key that names everything it depends on. */
export class ExchangeCache {
  readonly #options: ExchangeCacheOptions;
  readonly #entries: BoundedEntries<Entry>;
  readonly #flights = new SingleFlight<ExchangedToken>();
  #hits = 0;
  #negativeHits = 0;
  #misses = 0;
  #joined = 0;
  #invalidations = 0;
  #forgets = 0;

  constructor(options: ExchangeCacheOptions) {
    this.#options = options;
    this.#entries = new BoundedEntries<Entry>(options);
  }

  /**
   * The token of an earlier exchange, or of the one under way, or of a new one.
   * @throws ExchangeRefused also when the same exchange was refused a moment ago
   */
  async obtain(
    exchange: CacheableExchange,
    load: (signal: AbortSignal) => Promise<ExchangedToken>,
    signal?: AbortSignal,
  ): Promise<ObtainedToken> {
    signal?.throwIfAborted();
    const { key } = exchange;
    const known = this.#find(key);
    if (known) return { token: known, origin: 'hit', key };
    const joined = this.#flights.has(key);
    if (joined) this.#joined += 1;
    else this.#misses += 1;
    const token = await this.#flights.run(key, (aborted) => this.#load(exchange, load, aborted), signal);
    return { token, origin: joined ? 'joined' : 'exchanged', key };
  }

  /** Drops a token that was refused downstream; leaves alone what has replaced it meanwhile. */
  evict({ key, token }: Pick<ObtainedToken, 'key' | 'token'>): void {
    if (this.#entries.get(key)?.outcome !== token) return;
    this.#entries.delete(key);
    this.#invalidations += 1;
  }

  /** Drops everything that was exchanged for a subject token; answers with the keys. */
  forgetSubject(subjectHash: string): readonly string[] {
    return this.#invalidate((entry) => entry.subjectHash === subjectHash);
  }

  /** Drops everything of a tenant; answers with the keys. */
  forgetTenant(tenant: string): readonly string[] {
    return this.#invalidate((entry) => entry.tenant === tenant);
  }

  metrics(): CacheMetrics {
    return {
      hits: this.#hits,
      negativeHits: this.#negativeHits,
      misses: this.#misses,
      joined: this.#joined,
      flights: this.#flights.size,
      evictions: this.#entries.evictions,
      invalidations: this.#invalidations,
      entries: this.#entries.size,
      bytes: this.#entries.bytes,
    };
  }

  #find(key: string): ExchangedToken | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (isExpired(entry.expiry, this.#options.clocks)) {
      this.#entries.delete(key);
      return undefined;
    }
    if (entry.outcome instanceof ExchangeRefused) {
      this.#negativeHits += 1;
      throw entry.outcome;
    }
    this.#hits += 1;
    return entry.outcome;
  }

  async #load(
    exchange: CacheableExchange,
    load: (signal: AbortSignal) => Promise<ExchangedToken>,
    signal: AbortSignal,
  ): Promise<ExchangedToken> {
    const { expirySkew, negativeLifetime, clocks } = this.#options;
    const forgets = this.#forgets;
    try {
      const token = await load(signal);
      // what is forgotten while its exchange is under way must not come back
      if (forgets !== this.#forgets) return token;
      this.#store(exchange, token, reusableFor(token.expiresIn, exchange.subjectExpiresAt, expirySkew, clocks));
      return token;
    } catch (error) {
      if (error instanceof ExchangeRefused) this.#store(exchange, error, negativeLifetime);
      throw error;
    }
  }

  #store(exchange: CacheableExchange, outcome: Entry['outcome'], seconds: number): void {
    if (seconds <= 0) return;
    const { key, subjectHash, tenant } = exchange;
    const size = ENTRY_OVERHEAD + sizeOf(outcome) + (tenant?.length ?? 0);
    this.#entries.set(key, { outcome, expiry: expiryIn(seconds, this.#options.clocks), size, subjectHash, tenant });
  }

  #invalidate(matches: (entry: Entry) => boolean): readonly string[] {
    this.#forgets += 1;
    const keys = this.#entries.deleteWhere(matches);
    this.#invalidations += keys.length;
    return keys;
  }
}

function sizeOf(outcome: Entry['outcome']): number {
  if (outcome instanceof ExchangeRefused) return outcome.message.length;
  return outcome.token.length + (outcome.scopes ?? []).reduce((sum, scope) => sum + scope.length, 0);
}
