import type { RateLimitStore } from '@onbehalf/authorization-ports';

/** Counts in memory, with a clock that tests set. */
export class CountsInMemory implements RateLimitStore {
  now = 1_000_000;
  /** How often it was asked. */
  asked = 0;
  available = true;
  readonly #windows = new Map<string, { hits: number; resetAt: number }>();

  async hit(key: string, window: number, count = 1): Promise<{ hits: number; resetIn: number }> {
    this.asked += 1;
    await Promise.resolve();
    if (!this.available) throw new Error('the database is gone');
    const known = this.#windows.get(key);
    const open = known && known.resetAt > this.now ? known : { hits: 0, resetAt: this.now + window };
    open.hits = Math.max(open.hits + count, 0);
    if (count !== 0) this.#windows.set(key, open);
    return { hits: open.hits, resetIn: open.resetAt - this.now };
  }

  /** How much it keeps. */
  get kept(): number {
    return this.#windows.size;
  }

  forget(key: string): Promise<void> {
    this.#windows.delete(key);
    return Promise.resolve();
  }
}
