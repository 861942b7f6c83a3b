import type { CacheOptions } from './cache-options.js';
import { ExchangeCache } from './exchange-cache.js';
import type { Clocks } from './expiry.js';
import { SharedEntries } from './shared-entries.js';

/** The cache that the options describe. */
export function createCache(cache: CacheOptions, clocks: Clocks): ExchangeCache {
  const { maxEntries = 10_000, maxBytes = 32 * 1024 * 1024 } = cache;
  const { expirySkew = 10, maxAge = Number.POSITIVE_INFINITY, negativeLifetime = 5 } = cache;
  const shared = cache.shared && new SharedEntries(cache.shared, clocks.wall);
  return new ExchangeCache({ maxEntries, maxBytes, expirySkew, maxAge, negativeLifetime, clocks, shared });
}
