/** Counts what happens under a key in windows of time, for all replicas: the storage implements it. */
export interface RateLimitStore {
  /**
   * @param key unambiguous
   * @param window seconds that are counted together
   * @param count how many more; a negative one takes back, 0 looks and stores nothing
   * @returns what has been counted in this window, and the seconds until the next
   */
  hit(key: string, window: number, count?: number): Promise<{ readonly hits: number; readonly resetIn: number }>;
  forget(key: string): Promise<void>;
}
