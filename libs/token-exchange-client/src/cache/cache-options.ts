import type { SharedCacheOptions } from './shared-cache.js';

/** How long tokens are reused, how many of them are kept, and where. */
export interface CacheOptions {
  /** Default 10,000. */
  readonly maxEntries?: number;
  /** Default 32 MB. */
  readonly maxBytes?: number;
  /** Seconds before its end at which a token is no longer handed out. Default 10. */
  readonly expirySkew?: number;
  /** Seconds that a token is reused at most, however long it lives: how late a revocation may take effect here. */
  readonly maxAge?: number;
  /** Seconds that a refusal is remembered, at most 5. Default 5. */
  readonly negativeLifetime?: number;
  /** A cache that the replicas share, behind the one in memory. */
  readonly shared?: SharedCacheOptions;
}
