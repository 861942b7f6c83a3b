import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@onbehalf/oauth-protocol';
import { sql, type Kysely } from 'kysely';
import type { Dialect } from './database/migrate.js';
import type { Schema } from './database/schema.js';

/** Tables whose rows end with `expires_at`, and their keys. */
const EXPIRING = {
  provider_records: ['model', 'id_hash'],
  replays: ['key_hash'],
  tokens: ['iss', 'jti'],
  revocation_marks: ['kind', 'key'],
  rate_windows: ['key_hash'],
} as const;

/** Seconds that a row is kept after it has expired, so that no clock that runs behind misses it. */
const MARGIN = 300;
const BATCH = 500;
/** Batches of one table in one run: a backlog is worked off over several runs. */
const BATCHES = 20;

/** Deletes expired rows in the background, in bounded batches, so that no request waits for it. */
export class Sweeper {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(database: Kysely<Schema>, dialect: Dialect, clock: Clock) {
    this.#database = database;
    this.#dialect = dialect;
    this.#clock = clock;
  }

  /** @param interval seconds between runs */
  start(interval: number): void {
    this.#timer = setInterval(() => {
      // an outage of the database shows in the requests; the next run tries again
      this.#running = this.#running.then(() => this.sweep()).catch(() => undefined);
    }, interval * 1000).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** One run. Returns how many rows were deleted. */
  async sweep(): Promise<number> {
    let deleted = 0;
    for (const table of Object.keys(EXPIRING) as (keyof typeof EXPIRING)[]) {
      for (let batch = 0; batch < BATCHES; batch += 1) {
        const count = await this.#deleteBatch(table);
        deleted += count;
        // SQLite answers at once: let the requests have their turn
        await nextTurn();
        if (count < BATCH) break;
      }
    }
    return deleted;
  }

  async #deleteBatch(table: keyof typeof EXPIRING): Promise<number> {
    const key = sql.join(EXPIRING[table].map((column) => sql.ref(column)));
    // asked again of the row that is deleted: it may have been renewed since it was found
    const expired = sql`expires_at < ${this.#clock() - MARGIN}`;
    // who works on a row is not waited for, nor does anybody wait in a circle: the next run finds it
    const free = this.#dialect === 'postgres' ? sql`for update skip locked` : sql``;
    const result = await sql`delete from ${sql.table(table)} where ${expired} and (${key}) in
      (select ${key} from ${sql.table(table)} where ${expired} limit ${BATCH} ${free})`.execute(this.#database);
    return Number(result.numAffectedRows ?? 0);
  }
}
