import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TableDeclaration } from '@onbehalf/authorization-ports';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { anyOf } from '../database/statements/rows-statement.js';
import { storedName } from '../tables/table-columns.js';
import { BatchSizes } from './batch-sizes.js';
import type { DatabaseClock } from '../database/database-clock.js';
import type { Dialect } from '../database/schema/migrate.js';
import type { Schema } from '../database/schema/schema.js';
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
/** Milliseconds after which a revocation is no longer under way. */
const LEFT_AFTER = 60_000;

/** What the sweep has done in this process, and what it has not come to. */
export interface SweepState {
  /** Rows that were deleted, by table. */
  readonly deleted: ReadonlyMap<string, number>;
  /** Seconds for which the oldest row that is due was due already when the last run ended, by table; 0: none was left. */
  readonly oldestDue: ReadonlyMap<string, number>;
}

/** When it is swept, and how much of the time it may take. */
export interface SweepPlan {
  /** Seconds between two runs; 0 for never. */
  readonly interval: number;
  /** The part of the time between two runs that a run may take: a backlog beyond that is worked off over several. */
  readonly share: number;
}

export interface SweeperParts {
  readonly database: Kysely<Schema>;
  readonly dialect: Dialect;
  readonly clock: DatabaseClock;
  /** What is declared beside the tables of this library. */
  readonly tables?: readonly TableDeclaration[];
}

/** Deletes expired rows in the background, in bounded batches, so that no request waits for it. */
export class Sweeper {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;
  readonly #clock: DatabaseClock;
  readonly #expiring: readonly Expiring[];
  readonly #batches: BatchSizes;
  readonly #deleted = new Map<string, number>();
  readonly #oldestDue = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();
  /** When the last run came to its end, by the clock of this process. */
  #endedAt = performance.now();
  /** Milliseconds that a run may take. */
  #most = Infinity;

  constructor({ database, dialect, clock, tables = [] }: SweeperParts) {
    this.#database = database;
    this.#dialect = dialect;
    this.#clock = clock;
    this.#batches = new BatchSizes(dialect);
    this.#expiring = [...EXPIRING, ...tables.flatMap(expiring)];
    for (const { table } of this.#expiring) for (const counts of [this.#deleted, this.#oldestDue]) counts.set(table, 0);
  }

  get state(): SweepState {
    return { deleted: this.#deleted, oldestDue: this.#oldestDue };
  }

  start({ interval, share }: SweepPlan): void {
    this.#most = interval * 1000 * share;
    this.#timer = setInterval(() => {
      // an outage of the database shows in the requests; the next run tries again
      this.#running = this.#running.then(() => this.sweep()).catch(() => this.#tellFailure());
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
      for (const each of due) {
        const count = await this.#nextBatch(each);
        this.#deleted.set(each.table, this.#deleted.get(each.table)! + count.done);
        deleted += count.done;
        if (count.isFull) more.push(each);
        // SQLite answers at once: let the requests have their turn
        await nextTurn();
      }
      due = more;
    }
    this.#endedAt = performance.now();
    for (const { table } of this.#expiring) this.#oldestDue.set(table, 0);
    for (const each of due) this.#oldestDue.set(each.table, await this.#ageOfOldest(each));
    return deleted;
  }

  /** Nobody knows what is due: at most what has become so since the last run that came to its end. */
  #tellFailure(): void {
    const seconds = Math.floor((performance.now() - this.#endedAt) / 1000);
    for (const [table, age] of this.#oldestDue) this.#oldestDue.set(table, Math.max(age, seconds));
  }

  /** Its size follows from how long the database works, not from how long it was waited for a connection. */
  async #nextBatch(each: Expiring): Promise<{ done: number; isFull: boolean }> {
    return this.#database
      .connection()
      .execute((connection) => this.#batches.next(each.table, (most) => this.#deleteBatch(connection, each, most)));
  }

  async #deleteBatch(connection: Kysely<Schema>, each: Expiring, most: number): Promise<number> {
    const { table, key: columns } = each;
    const key = sql.join(columns.map((column) => sql.ref(`gone.${column}`)));
    // asked again of the row that is deleted: it may have been renewed since it was found
    const expired = this.#isDue(each);
    // who works on a row is not waited for, nor does anybody wait in a circle: the next run finds it
    const free = this.#dialect === 'postgres' ? sql`for update skip locked` : sql``;
    const result = await sql`delete from ${sql.table(table)} as gone where ${expired} and (${key}) in
      (select ${key} from ${sql.table(table)} as gone where ${expired} limit ${most} ${free})`.execute(connection);
    return Number(result.numAffectedRows ?? 0);
  }

  /** Seconds; 0 when nothing is due. */
  async #ageOfOldest(each: Expiring): Promise<number> {
    const { rows } = await sql<{ expires: number }>`select ${sql.ref(`gone.${each.expires}`)} as expires
      from ${sql.table(each.table)} as gone where ${this.#isDue(each)}
      order by ${sql.ref(`gone.${each.expires}`)} limit 1`.execute(this.#database);
    return rows[0] === undefined ? 0 : this.#clock.now() - MARGIN - rows[0].expires;
  }

  #isDue({ expires, unless }: Expiring): RawBuilder<unknown> {
    const cutoff = this.#clock.now() - MARGIN;
    return sql`${sql.ref(`gone.${expires}`)} < ${cutoff}${unless ? sql` and not ${unless(cutoff)}` : sql``}`;
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
