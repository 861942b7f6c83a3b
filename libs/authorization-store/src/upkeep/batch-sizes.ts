const FIRST = 500;
const LEAST = 100;
const MOST = 5000;
/** Milliseconds that a batch may take: SQLite holds up its process for so long, and both hold the locks of its rows. */
const QUICK = 10;
const SLOW = 40;

/** How many rows a batch of each table takes: as many as go quickly. */
export class BatchSizes {
  readonly #sizes = new Map<string, number>();

  /**
   * Runs one batch, and learns from how long it took, also where it failed: it may have run out of time. Told: how many rows it has
   * done, and whether that was all it might.
   */
  async next(table: string, work: (most: number) => Promise<number>): Promise<{ done: number; isFull: boolean }> {
    const size = this.#sizes.get(table) ?? FIRST;
    const begun = performance.now();
    let done = 0;
    try {
      done = await work(size);
      return { done, isFull: done === size };
    } finally {
      const took = performance.now() - begun;
      if (took > SLOW) this.#sizes.set(table, Math.max(Math.floor(size / 2), LEAST));
      else if (done === size && took < QUICK) this.#sizes.set(table, Math.min(size * 2, MOST));
    }
  }
}
