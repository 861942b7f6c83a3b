import type { RateCount, RateLimitStore } from '@onbehalf/authorization-ports';
import type { Clock } from '@onbehalf/oauth-protocol';
import { sql, type Kysely } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import { sha256 } from '../database/statements/hash.js';

/** Counts what happens under a key in fixed windows of time, for limits that hold across all replicas. */
export class SqlRateLimitStore implements RateLimitStore {
  readonly #database: Kysely<Schema>;
  readonly #clock: Clock;

  constructor(database: Kysely<Schema>, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Counts one more.
   * @param key unambiguous, e.g. `JSON.stringify(['login', address])`; stored as a hash
   * @param window seconds
   * @param count how many more; a negative one takes back what was counted in this window, 0 looks and stores nothing
   */
  async hit(key: string, window: number, count = 1): Promise<RateCount> {
    if (count === 0) return this.#look(key, window);
    const now = this.#clock();
    const over = sql<boolean>`rate_windows.expires_at <= ${now}`;
    const { hits, expires_at } = await this.#database
      .insertInto('rate_windows')
      .values({ key_hash: sha256(key), hits: Math.max(count, 0), expires_at: now + window })
      .onConflict((conflict) =>
        conflict.column('key_hash').doUpdateSet({
          hits: sql`case when ${over} then excluded.hits else rate_windows.hits + ${count} end`,
          expires_at: sql`case when ${over} then excluded.expires_at else rate_windows.expires_at end`,
        }),
      )
      .returning(['hits', 'expires_at'])
      .executeTakeFirstOrThrow();
    return { hits, resetIn: expires_at - now };
  }

  async #look(key: string, window: number): Promise<RateCount> {
    const now = this.#clock();
    const counted = await this.#database
      .selectFrom('rate_windows')
      .select(['hits', 'expires_at'])
      .where('key_hash', '=', sha256(key))
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return counted ? { hits: counted.hits, resetIn: counted.expires_at - now } : { hits: 0, resetIn: window };
  }

  /** Forgets what was counted, for example after a login that succeeded. */
  async forget(key: string): Promise<void> {
    await this.#database.deleteFrom('rate_windows').where('key_hash', '=', sha256(key)).execute();
  }
}
