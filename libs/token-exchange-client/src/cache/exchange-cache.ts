import type { ExchangedToken } from '../tokens/exchanged-token.js';
import { ExchangeRefused } from '../tokens/exchange-errors.js';
import { BoundedEntries, type Bounds } from './bounded-entries.js';
import { CacheCounters, type CacheMetrics } from './cache-metrics.js';
import { expiryIn, isExpired, reusableFor, type Clocks, type Expiry } from './expiry.js';
import type { SharedEntries } from './shared-entries.js';
import { SingleFlight } from './single-flight.js';

export interface ExchangeCacheOptions extends Bounds {
  /** Seconds before a token's end at which it is no longer handed out. */
  readonly expirySkew: number;
  /** Seconds that a token is reused at most. */
  readonly maxAge: number;
  /** Seconds that a refusal is remembered. */
  readonly negativeLifetime: number;
  readonly clocks: Clocks;
  readonly shared?: SharedEntries;
}

/** One exchange, as the cache sees it. */
export interface CacheableExchange {
  readonly key: string;
  /** The SHA-256 of the subject token; `undefined` for the service's own tokens. */
  readonly subjectHash?: string;
  /** Seconds since the epoch; asked for only when something is kept. */
  readonly subjectExpiresAt?: () => number | undefined;
  readonly tenant?: string;
}

/** Where a token came from: the cache, the shared cache, a flight that was under way, or an exchange of its own. */
export type TokenOrigin = 'hit' | 'shared' | 'joined' | 'exchanged';

/** A token for a call, and where it came from. */
export interface ObtainedToken {
  readonly token: ExchangedToken;
  readonly origin: TokenOrigin;
  readonly key: string;
}

/** Exchanges a token; aborted when nobody waits for it any more. */
export type Load = (signal: AbortSignal) => Promise<ExchangedToken>;

interface Landed {
  readonly token: ExchangedToken;
  readonly origin: 'shared' | 'exchanged';
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
  readonly #flights = new SingleFlight<Landed>();
  readonly #counters = new CacheCounters();
  #forgets = 0;

  constructor(options: ExchangeCacheOptions) {
    this.#options = options;
    const { maxEntries, maxBytes } = options;
    // room is set aside for each entry that could be kept: for no more than the bytes can hold
    const mostEntries = Math.min(maxEntries, Math.floor(maxBytes / ENTRY_OVERHEAD));
    this.#entries = new BoundedEntries<Entry>({ maxEntries: mostEntries, maxBytes });
  }

  /**
   * The token of an earlier exchange, or of the one under way, or of a new one.
   * @throws ExchangeRefused also when the same exchange was refused a moment ago
   */
  async obtain(exchange: CacheableExchange, load: Load, signal?: AbortSignal): Promise<ObtainedToken> {
    signal?.throwIfAborted();
    const { key } = exchange;
    const known = this.#find(key);
    if (known) return { token: known, origin: 'hit', key };
    const joined = this.#flights.has(key);
    this.#counters.add(joined ? 'joined' : 'misses');
    const landed = await this.#flights.run(key, (aborted) => this.#load(exchange, load, aborted), signal);
    return { token: landed.token, origin: joined ? 'joined' : landed.origin, key };
  }

  /** Drops a token that was refused downstream; leaves alone what has replaced it meanwhile. */
  async evict({ key, token }: Pick<ObtainedToken, 'key' | 'token'>): Promise<void> {
    const outcome = this.#entries.get(key)?.outcome;
    if (outcome !== undefined && outcome !== token) return;
    if (this.#entries.delete(key)) this.#counters.add('invalidations');
    await this.#options.shared?.delete(key);
  }

  /** Drops everything that was exchanged for a subject token. */
  forgetSubject(subjectHash: string): Promise<void> {
    return this.#forget((entry) => entry.subjectHash === subjectHash);
  }

  /** Drops everything of a tenant. */
  forgetTenant(tenant: string): Promise<void> {
    return this.#forget((entry) => entry.tenant === tenant);
  }

  metrics(): CacheMetrics {
    return {
      ...this.#counters.read(),
      sharedErrors: this.#options.shared?.errors ?? 0,
      evictions: this.#entries.evictions,
      flights: this.#flights.size,
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
      this.#counters.add('negativeHits');
      throw entry.outcome;
    }
    this.#counters.add('hits');
    return entry.outcome;
  }

  async #load(exchange: CacheableExchange, load: Load, signal: AbortSignal): Promise<Landed> {
    const forgets = this.#forgets;
    // what is forgotten while its exchange is under way must not come back
    const keep = (outcome: Entry['outcome'], seconds: number): boolean =>
      forgets === this.#forgets && this.#store(exchange, outcome, seconds);
    const found = await this.#options.shared?.get(exchange.key);
    signal.throwIfAborted();
    if (found && keep(found.token, found.seconds)) {
      this.#counters.add('sharedHits');
      return { token: found.token, origin: 'shared' };
    }
    return { token: await this.#exchange(exchange, load, signal, keep), origin: 'exchanged' };
  }

  async #exchange(
    { key, subjectExpiresAt }: CacheableExchange,
    load: Load,
    signal: AbortSignal,
    keep: (outcome: Entry['outcome'], seconds: number) => boolean,
  ): Promise<ExchangedToken> {
    const { expirySkew, maxAge, negativeLifetime, clocks, shared } = this.#options;
    try {
      const token = await load(signal);
      const seconds = Math.min(maxAge, reusableFor(token.expiresIn, subjectExpiresAt?.(), expirySkew, clocks));
      if (keep(token, seconds)) void shared?.set(key, { token, seconds });
      return token;
    } catch (error) {
      // what waits for the user is asked for again as soon as the user has done it
      if (error instanceof ExchangeRefused && !error.interaction) keep(error, negativeLifetime);
      throw error;
    }
  }

  #store({ key, subjectHash, tenant }: CacheableExchange, outcome: Entry['outcome'], seconds: number): boolean {
    if (seconds <= 0) return false;
    const size = ENTRY_OVERHEAD + sizeOf(outcome) + (tenant?.length ?? 0);
    this.#entries.set(key, { outcome, expiry: expiryIn(seconds, this.#options.clocks), size, subjectHash, tenant });
    return true;
  }

  async #forget(matches: (entry: Entry) => boolean): Promise<void> {
    this.#forgets += 1;
    const keys = this.#entries.deleteWhere(matches);
    this.#counters.add('invalidations', keys.length);
    const { shared } = this.#options;
    if (shared) await Promise.all(keys.map((key) => shared.delete(key)));
  }
}

function sizeOf(outcome: Entry['outcome']): number {
  if (outcome instanceof ExchangeRefused) return outcome.message.length;
  return outcome.token.length + (outcome.scopes ?? []).reduce((sum, scope) => sum + scope.length, 0);
}
