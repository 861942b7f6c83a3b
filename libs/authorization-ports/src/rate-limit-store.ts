/** What was counted under a key. */
export interface RateCount {
  /** In this window. */
  readonly hits: number;
  /** Seconds until the next, for `Retry-After`. */
  readonly resetIn: number;
}

/** Counts what happens under a key in windows of time, for all replicas: the storage implements it. */
export interface RateLimitStore {
  /**
   * Counts, and answers with what was counted in this window.
   * @param key unambiguous
   * @param window seconds that are counted together
   * @param count how many more; a negative one takes back, 0 looks and stores nothing
   */
  hit(key: string, window: number, count?: number): Promise<RateCount>;
  /** Begins to count anew: what was counted under the key is gone. */
  forget(key: string): Promise<void>;
}
