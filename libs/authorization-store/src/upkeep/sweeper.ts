import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TableDeclaration } from '@onbehalf/authorization-ports';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { anyOf } from '../database/rows-statement.js';
import { storedName } from '../tables/table-columns.js';
import type { DatabaseClock } from '../database/database-clock.js';
import type { Dialect } from '../database/migrate.js';
import type { Schema } from '../database/schema.js';
import { applyLeftMarks } from '../tokens/token-lineage.js';

/** A table whose rows end, the column that tells when, and the key. */
interface Expiring {
  readonly table: string;
  readonly key: readonly string[];
  readonly expires: string;
  /** What is needed still, although it has expired: a condition on `gone`, the row. */
  readonly unless?: (cutoff: number) => RawBuilder<unknown>;
}

const EXPIRING: readonly Expiring[] = [
  { table: 'provider_records', key: ['model', 'id_hash'], expires: 'expires_at' },
  { table: 'replays', key: ['key_hash'], expires: 'expires_at' },
  // an impersonation outlives the token that it began with, and is to end with whatever ends that one
  { table: 'tokens', key: ['iss', 'jti'], expires: 'expires_at', unless: hasLivingChild },
  { table: 'revocation_marks', key: ['kind', 'key'], expires: 'expires_at' },
  { table: 'consents', key: ['subject', 'client_id', 'kind', 'audience', 'scope'], expires: 'expires_at' },
  { table: 'consented_grants', key: ['grant_id'], expires: 'expires_at' },
  { table: 'rate_windows', key: ['key_hash'], expires: 'expires_at' },
];

/** Seconds that a row is kept after it has expired, so that no clock that runs behind misses it. */
const MARGIN = 300;
const BATCH = 500;
/** Milliseconds after which a revocation is no longer under way. */
const LEFT_AFTER = 60_000;
/** The part of the time between two runs that a run may take: a backlog beyond that is worked off over several. */
const SHARE = 0.5;

/** Deletes expired rows in the background, in bounded batches, so that no request waits for it. */
export class Sweeper {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;
  readonly #clock: DatabaseClock;
  readonly #expiring: readonly Expiring[];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();
  /** Milliseconds that a run may take. */
  #most = Infinity;

  /** @param tables what is declared beside the tables of this library */
  constructor(
    database: Kysely<Schema>,
    dialect: Dialect,
    clock: DatabaseClock,
    tables: readonly TableDeclaration[] = [],
  ) {
    this.#database = database;
    this.#dialect = dialect;
    this.#clock = clock;
    this.#expiring = [...EXPIRING, ...tables.flatMap(expiring)];
  }

  /** @param interval seconds between runs */
  start(interval: number): void {
    this.#most = interval * 1000 * SHARE;
    this.#timer = setInterval(() => {
      // an outage of the database shows in the requests; the next run tries again
      this.#running = this.#running.then(() => this.sweep()).catch(() => undefined);
    }, interval * 1000).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** One run; it also ends what a crash has left half revoked. Returns how many rows were deleted. */
  async sweep(): Promise<number> {
    // first, so that nothing ends by the time of a clock that was set meanwhile
    await this.#clock.measure(this.#database);
    this.#clock.tellDifference();
    const revoking = { database: this.#database, dialect: this.#dialect, now: this.#clock.now() };
    await applyLeftMarks(revoking, this.#clock.milliseconds() - LEFT_AFTER);
    return this.#deleteExpired(performance.now() + this.#most);
  }

  /** Until nothing is left or the time is over: one batch of each table after the other, so that none waits for another. */
  async #deleteExpired(end: number): Promise<number> {
    let deleted = 0;
    let due = this.#expiring;
    while (due.length > 0 && performance.now() < end) {
      const more: Expiring[] = [];
      for (const table of due) {
        const count = await this.#deleteBatch(table);
        deleted += count;
        if (count === BATCH) more.push(table);
        // SQLite answers at once: let the requests have their turn
        await nextTurn();
      }
      due = more;
    }
    return deleted;
  }

  async #deleteBatch({ table, key: columns, expires, unless }: Expiring): Promise<number> {
    const key = sql.join(columns.map((column) => sql.ref(`gone.${column}`)));
    // asked again of the row that is deleted: it may have been renewed since it was found
    const cutoff = this.#clock.now() - MARGIN;
    const kept = unless ? sql` and not ${unless(cutoff)}` : sql``;
    const expired = sql`${sql.ref(`gone.${expires}`)} < ${cutoff}${kept}`;
    // who works on a row is not waited for, nor does anybody wait in a circle: the next run finds it
    const free = this.#dialect === 'postgres' ? sql`for update skip locked` : sql``;
    const result = await sql`delete from ${sql.table(table)} as gone where ${expired} and (${key}) in
      (select ${key} from ${sql.table(table)} as gone where ${expired} limit ${BATCH} ${free})`.execute(this.#database);
    return Number(result.numAffectedRows ?? 0);
  }
}

function hasLivingChild(cutoff: number): RawBuilder<unknown> {
  return anyOf(sql`tokens child where child.parent_iss = gone.iss and child.parent_jti = gone.jti
    and child.expires_at >= ${cutoff}`);
}

function expiring(table: TableDeclaration): Expiring[] {
  const { key, expires } = table;
  return expires === undefined ? [] : [{ table: storedName(table), key, expires }];
}
