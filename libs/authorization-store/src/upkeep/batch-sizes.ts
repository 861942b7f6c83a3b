import type { Dialect } from '../database/schema/migrate.js';

const FIRST = 500;
const MOST = 5000;

/** Milliseconds below which a batch was quick and above which it was slow, and the rows that it has at least. */
const PACES = {
  // it holds up its process for so long
  sqlite: { quick: 10, slow: 40, least: 100 },
  // it holds up nobody; far from the time-out of a query
  postgres: { quick: 100, slow: 500, least: 500 },
} as const;

/** How many rows a batch of each table takes: as many as go quickly. */
export class BatchSizes {
  readonly #sizes = new Map<string, number>();
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

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
      const { quick, slow, least } = PACES[this.#dialect];
      if (took > slow) this.#sizes.set(table, Math.max(Math.floor(size / 2), least));
      else if (done === size && took < quick) this.#sizes.set(table, Math.min(size * 2, MOST));
    }
  }
}
