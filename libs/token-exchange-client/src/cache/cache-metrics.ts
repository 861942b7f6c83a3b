/** What the cache has done since the start, and holds now. */
export interface CacheMetrics {
  readonly hits: number;
  /** Calls that were told a refusal of a moment ago. */
  readonly negativeHits: number;
  readonly misses: number;
  /** Calls that waited for an exchange that another call had begun. */
  readonly joined: number;
  /** Misses that the shared cache could serve. */
  readonly sharedHits: number;
  /** How often the shared cache failed, was too slow, or held something that cannot be opened. */
  readonly sharedErrors: number;
  /** Entries that had to leave for others. */
  readonly evictions: number;
  /** Entries that a downstream service refused, or that were forgotten. */
  readonly invalidations: number;
  /** Exchanges under way. */
  readonly flights: number;
  readonly entries: number;
  readonly bytes: number;
}

/** The events that the cache counts itself. */
export type CacheEvent = 'hits' | 'negativeHits' | 'misses' | 'joined' | 'sharedHits' | 'invalidations';

export class CacheCounters {
  readonly #counts: Record<CacheEvent, number> = {
    hits: 0,
    negativeHits: 0,
    misses: 0,
    joined: 0,
    sharedHits: 0,
    invalidations: 0,
  };

  add(event: CacheEvent, times = 1): void {
    this.#counts[event] += times;
  }

  read(): Readonly<Record<CacheEvent, number>> {
    return { ...this.#counts };
  }
}
