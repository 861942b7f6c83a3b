/** Remembers what may be used once: the storage implements it. */
export interface ReplayDetection {
  /**
   * Uses `key`, atomically, also across processes.
   * @param expiresAt seconds since the epoch, when the key may be forgotten
   * @returns whether this was the first use
   */
  use(key: string, expiresAt: number): Promise<boolean>;
}
