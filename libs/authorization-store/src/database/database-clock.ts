import type { Clock } from '@onbehalf/oauth-protocol';
import { sql, type Kysely } from 'kysely';
import type { Dialect } from './schema/migrate.js';
import type { Schema } from './schema/schema.js';

/** Milliseconds that no clock of a replica that serves is behind the database's. */
export const CLOCKS_APART = 3_600_000;
/** Seconds by which the clocks may not differ: as much as guards tolerate. */
export const CLOCKS_DIFFER = 30;

/** The clock of this process differs from the database's by so much that tokens would be wrong. */
export class ClocksDiffer extends Error {
  /** @param seconds by which this process is ahead */
  constructor(seconds: number) {
    const direction = seconds > 0 ? 'ahead of' : 'behind';
    super(`the clock of this process is ${Math.abs(Math.round(seconds))} s ${direction} the database's`);
    this.name = 'ClocksDiffer';
  }
}

/** What the clock needs to be asked for. */
export interface ClockOptions {
  readonly dialect: Dialect;
  /** Instead of the database's, for tests. Seconds since the epoch. */
  readonly clock?: Clock | undefined;
  /** Is told the {@link DatabaseClock.difference}. */
  readonly onDifference?: ((seconds: number) => void) | undefined;
}

/**
 * The time as the database tells it: all replicas have the same one, so none of them ends what the others still use. Between two
 * measurements it runs by the time that has passed in this process, so a clock that is set meanwhile changes nothing.
 * SQLite has the clock of its machine.
 */
export class DatabaseClock {
  readonly #options: ClockOptions;
  #measured = { milliseconds: Date.now(), at: performance.now() };
  #difference = 0;

  constructor(options: ClockOptions) {
    this.#options = options;
  }

  /** Seconds since the epoch. */
  readonly now: Clock = () => this.#options.clock?.() ?? Math.floor(this.milliseconds() / 1000);

  /** Milliseconds since the epoch. */
  readonly milliseconds = (): number => {
    if (!this.#isMeasured) return Date.now();
    return Math.floor(this.#measured.milliseconds + performance.now() - this.#measured.at);
  };

  /** Seconds by which the clock of this process was ahead of the database's, when it was last measured; negative when behind. */
  get difference(): number {
    return this.#difference;
  }

  get #isMeasured(): boolean {
    return this.#options.dialect === 'postgres' && !this.#options.clock;
  }

  /** Asks the database for its time. */
  async measure(database: Kysely<Schema>): Promise<void> {
    if (!this.#isMeasured) return;
    const asked = performance.now();
    const { rows } = await sql<{ now: number }>`
      select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now`.execute(database);
    const answered = performance.now();
    const milliseconds = (rows[0]?.now ?? 0) + (answered - asked) / 2;
    this.#measured = { milliseconds, at: answered };
    this.#difference = Math.round(Date.now() - milliseconds) / 1000;
  }

  /** Tells how much the clocks differ. */
  tellDifference(): void {
    this.#options.onDifference?.(this.#difference);
  }
}
