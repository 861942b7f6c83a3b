import { randomUUID } from 'node:crypto';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { Kysely } from 'kysely';
import { eventIn, storedRecords, wholeRecord, type StoredRecord } from '../../chain/stored-records.js';
import type { Schema } from '../../database/schema/schema.js';
import { auditRecord } from '../audit-query.js';
import type { ForwardedRecord } from './audit-receiver.js';

/** Seconds that a process holds a chain without saying so again. After that, another one goes on with it. */
export const HOLD = 30;

/** Records that are read at once. */
export const PAGE = 200;

/** Chains taken over at once. */
const TAKEN_OVER = 100;

/** Records that have not been accepted yet. */
export interface PendingRecords {
  /** Of chains that this process forwards. */
  readonly here: number;
  /** Of all others. */
  readonly elsewhere: number;
}

/**
 * The chains that this process forwards: its own, and those that ended processes have left. How far each has come is kept
 * in the database, so that whoever goes on knows where.
 */
export class HeldChains {
  readonly #database: Kysely<Schema>;
  readonly #clock: Clock;
  /** The chain of this process. */
  readonly own: string;
  readonly #holder = randomUUID();

  constructor(database: Kysely<Schema>, clock: Clock, own: string) {
    this.#database = database;
    this.#clock = clock;
    this.own = own;
  }

  /**
   * Holds on to its chains for another while, and takes over what nobody holds.
   * @returns how far each chain has come, by its writer
   */
  async hold(): Promise<Map<string, number>> {
    const held = { held_by: this.#holder, held_until: this.#clock() + HOLD };
    await this.#database
      .insertInto('audit_forwarding')
      .values({ writer: this.own, sequence: -1, ...held })
      .onConflict((conflict) => conflict.column('writer').doNothing())
      .execute();
    await this.#database.updateTable('audit_forwarding').set(held).where('held_by', '=', this.#holder).execute();
    for (const writer of [this.own, ...(await this.#left())]) {
      // the condition again: of two processes that see the same chain, one gets it; its own may have gone to another one
      // while this process could not be heard
      const mine = this.#database.updateTable('audit_forwarding').set(held).where('writer', '=', writer);
      await mine.where('held_until', '<', this.#clock()).execute();
    }
    const rows = await this.#database
      .selectFrom('audit_forwarding')
      .select(['writer', 'sequence'])
      .where('held_by', '=', this.#holder)
      .execute();
    return new Map(rows.map(({ writer, sequence }) => [writer, sequence]));
  }

  /** The records after a place of a chain, in their order; at most `PAGE`. */
  async recordsAfter(writer: string, sequence: number): Promise<ForwardedRecord[]> {
    const rows = await storedRecords(this.#database)
      .where('writer', '=', writer)
      .where('sequence', '>', sequence)
      .orderBy('sequence')
      .limit(PAGE)
      .execute();
    return rows.map(toForwardedRecord);
  }

  /**
   * Notes that everything up to this record was accepted.
   * @returns false when another process forwards this chain by now
   */
  async advance(writer: string, sequence: number): Promise<boolean> {
    const result = await this.#database
      .updateTable('audit_forwarding')
      .set({ sequence })
      .where('writer', '=', writer)
      .where('held_by', '=', this.#holder)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** Leaves chains to whoever wants them: all, or one. */
  async release(writer?: string): Promise<void> {
    let held = this.#database.updateTable('audit_forwarding').set({ held_by: '', held_until: 0 });
    held = held.where('held_by', '=', this.#holder);
    await (writer === undefined ? held : held.where('writer', '=', writer)).execute();
  }

  /** How many records of forwarded chains wait. */
  async pending(): Promise<PendingRecords> {
    const rows = await this.#behind().select('audit_forwarding.held_by').execute();
    const count = (here: boolean): number =>
      rows
        .filter(({ held_by }) => (held_by === this.#holder) === here)
        .reduce((sum, { head, position }) => sum + head - position, 0);
    return { here: count(true), elsewhere: count(false) };
  }

  async #left(): Promise<string[]> {
    const rows = await this.#behind()
      .where('audit_forwarding.held_until', '<', this.#clock())
      .limit(TAKEN_OVER)
      .execute();
    return rows.map(({ writer }) => writer);
  }

  #behind() {
    return this.#database
      .selectFrom('audit_forwarding')
      .innerJoin('audit_heads', 'audit_heads.writer', 'audit_forwarding.writer')
      .whereRef('audit_heads.sequence', '>', 'audit_forwarding.sequence')
      .select(['audit_forwarding.writer', 'audit_forwarding.sequence as position', 'audit_heads.sequence as head']);
  }
}

/** @throws Error for a record that cannot be read: it may come back from a backup, and is forwarded then. */
function toForwardedRecord(stored: StoredRecord): ForwardedRecord {
  const row = wholeRecord(stored);
  const event = eventIn(row.event);
  if (!event) throw new Error(`the record ${row.sequence} of the chain ${row.writer} cannot be read; see audit-verify`);
  return { ...auditRecord(row, event), eventText: row.event };
}
