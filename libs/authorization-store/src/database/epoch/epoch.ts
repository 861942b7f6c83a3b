import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { sha256 } from '../statements/hash.js';
import type { Dialect } from '../schema/migrate.js';
import type { Schema } from '../schema/schema.js';

/**
 * The epoch of a copy of the database. A copy that was restored, or promoted while it lagged behind, counts on from where it
 * was: a cursor that was given before then names a place that means something else now. So cursors carry the epoch.
 */
export class Epoch {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;

  constructor(database: Kysely<Schema>, dialect: Dialect) {
    this.#database = database;
    this.#dialect = dialect;
  }

  /** The epoch now, for cursors. Twelve characters. */
  async now(): Promise<string> {
    const { rows } = await sql<{ epoch: string; copy: string }>`
      select value as epoch, ${this.#dialect === 'postgres' ? COPY : sql`''`} as copy
      from store_state where name = 'epoch'`.execute(this.#database);
    return sha256(JSON.stringify([rows[0]?.epoch, rows[0]?.copy])).slice(0, 12);
  }

  /** Begins a new one: every cursor that was given before is refused from now on. */
  async renew(): Promise<void> {
    await this.#database.updateTable('store_state').set({ value: randomUUID() }).where('name', '=', 'epoch').execute();
  }
}

/** What differs after a restore (the file of a table), in another cluster, and after a promotion (the timeline). */
const COPY = sql<string>`concat_ws(' ',
  (select system_identifier from pg_control_system()),
  case when pg_is_in_recovery() then 'standby' else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end,
  pg_relation_filenode('tokens'::regclass))`;
