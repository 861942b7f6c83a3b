import { hash } from 'node:crypto';
import { SealBroken, type OpenedDatabase, type SealingKeys } from '@onbehalf/authorization-store';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { databaseTime, type RecordRow, type RecordTables } from './records-table.js';
import { orUnavailable } from './records-unavailable.js';

/** What is kept: a session, a login that has come back, a refresh that is under way, a run of the lab, a key. */
export type RecordKind = 'session' | 'login' | 'refresh' | 'run' | 'key';

/** A hundred years, in milliseconds. */
export const FOR_EVER = 100 * 365 * 24 * 3600 * 1000;
/** Milliseconds between two notes that a record was used: more would be a write for each request. */
const NOTED_EVERY = 60_000;
/** Records of one kind that an account has at most. */
export const MOST_OF_ONE = 50;
/** More than there are. */
const ALL = 2 ** 31;
/** Rows that one statement of the sweep deletes. */
const BATCH = 500;

/**
 * What all replicas of this app share, in SQLite or PostgreSQL: each record lives for a while by the database's clock and is encrypted.
 * One that cannot be opened, for its key is gone or somebody has changed it, is not there.
 */
export class SharedRecords {
  readonly #database: Kysely<RecordTables>;
  readonly #sealing: SealingKeys;
  readonly #now: RawBuilder<number>;
  readonly #lock: RawBuilder<unknown>;

  constructor(opened: OpenedDatabase<RecordTables>) {
    this.#database = opened.database;
    this.#sealing = opened.sealing;
    this.#now = databaseTime(opened);
    // SQLite's transactions write one after the other
    this.#lock = opened.dialect === 'postgres' ? sql`for update` : sql``;
  }

  /**
   * Keeps a record that is not there yet. Of the records of this kind that the account has, the one that was not used for the longest
   * time goes when there are more than {@link MOST_OF_ONE}: an account pushes out nothing of others.
   * @param life milliseconds
   * @param account whose it is; absent: nobody's yet
   * @returns when it expires, milliseconds since the epoch; `undefined`: there is one that lives still, and it stays
   */
  async add(kind: RecordKind, id: string, value: unknown, life: number, account?: string): Promise<number | undefined> {
    const { value: sealed, sealedWith } = this.#seal(kind, id, value);
    const owner = account === undefined ? null : this.#ownerOf(account);
    const { rows } = await orUnavailable(
      sql<{ expires_at: number }>`
        insert into client_app_records (kind, id_hash, owner_hash, value, sealed_with, used_at, expires_at)
        values (${kind}, ${hashOf(id)}, ${owner}, ${sealed}, ${sealedWith}, ${this.#now}, ${this.#now} + ${sql.lit(life)})
        on conflict (kind, id_hash) do update set owner_hash = excluded.owner_hash, value = excluded.value,
          sealed_with = excluded.sealed_with, used_at = excluded.used_at, expires_at = excluded.expires_at
        where client_app_records.expires_at <= ${this.#now}
        returning expires_at`.execute(this.#database),
    );
    if (rows[0] && owner !== null) await this.#limit(kind, owner);
    return rows[0]?.expires_at;
  }

  /** Says whose a record is that was nobody's, as soon as that is known. */
  async give(kind: RecordKind, id: string, account: string): Promise<void> {
    const owner = this.#ownerOf(account);
    await orUnavailable(
      sql`update client_app_records set owner_hash = ${owner} where ${isRecord(kind, id)}`.execute(this.#database),
    );
    await this.#limit(kind, owner);
  }

  /** The value of a record that lives. */
  async read<Value>(kind: RecordKind, id: string): Promise<Value | undefined> {
    return this.#open<Value>(kind, id, await orUnavailable(this.#find(this.#database, kind, id, sql``)));
  }

  /** The value of what is made once for all replicas, and stays. */
  async once<Value>(id: string, make: () => Promise<Value>): Promise<Value> {
    for (;;) {
      const known = await this.read<Value>('key', id);
      if (known !== undefined) return known;
      const made = await make();
      if ((await this.add('key', id, made, FOR_EVER)) !== undefined) return made;
      // another replica was faster, or what is there cannot be opened
      if ((await this.read('key', id)) === undefined) await this.remove('key', id);
    }
  }

  /** The next number of those that all replicas count by. */
  async next(id: string): Promise<number> {
    for (;;) {
      await this.add('key', id, 0, FOR_EVER);
      let number = 0;
      if (await this.change<number>('key', id, (last) => (number = last + 1))) return number;
      // what is there cannot be opened
      await this.remove('key', id);
    }
  }

  /**
   * Changes a record that lives, while no other replica does.
   * @returns false when there is none, or none any more
   */
  async change<Value>(kind: RecordKind, id: string, change: (value: Value) => Value): Promise<boolean> {
    const work = this.#database.transaction().execute(async (transaction) => {
      const found = this.#open<Value>(kind, id, await this.#find(transaction, kind, id, this.#lock));
      if (found === undefined) return false;
      const { value, sealedWith } = this.#seal(kind, id, change(found));
      await sql`update client_app_records set value = ${value}, sealed_with = ${sealedWith}, used_at = ${this.#now}
        where ${isRecord(kind, id)}`.execute(transaction);
      return true;
    });
    return orUnavailable(work);
  }

  /** Notes that a record is used still: the one that was not for the longest time is the first to go. */
  async use(kind: RecordKind, id: string): Promise<void> {
    await orUnavailable(
      sql`update client_app_records set used_at = ${this.#now}
        where ${isRecord(kind, id)} and used_at < ${this.#now} - ${sql.lit(NOTED_EVERY)}`.execute(this.#database),
    );
  }

  /** Ends a record; with `until`, only the one that expires then, which is the caller's own. */
  async remove(kind: RecordKind, id: string, until?: number): Promise<void> {
    const own = until === undefined ? sql`` : sql`and expires_at = ${until}`;
    await orUnavailable(sql`delete from client_app_records where ${isRecord(kind, id)} ${own}`.execute(this.#database));
  }

  /** Deletes what has expired, a batch at a time. Returns how many. */
  async sweep(): Promise<number> {
    let deleted = 0;
    for (;;) {
      const { numAffectedRows } = await sql`delete from client_app_records where (kind, id_hash) in
        (select kind, id_hash from client_app_records where expires_at <= ${this.#now} limit ${sql.lit(BATCH)})
        and expires_at <= ${this.#now}`.execute(this.#database);
      deleted += Number(numAffectedRows ?? 0);
      if (Number(numAffectedRows ?? 0) < BATCH) return deleted;
    }
  }

  /** Rows are locked in one order, so that replicas that do the same wait for each other. */
  async #limit(kind: RecordKind, owner: string): Promise<void> {
    await orUnavailable(
      sql`delete from client_app_records where (kind, id_hash) in (
        select kind, id_hash from client_app_records where (kind, id_hash) in (
          select kind, id_hash from client_app_records where kind = ${kind} and owner_hash = ${owner}
          order by used_at desc limit ${sql.lit(ALL)} offset ${sql.lit(MOST_OF_ONE)})
        order by id_hash ${this.#lock})`.execute(this.#database),
    );
  }

  /** Nobody who has only the database can tell whose it is. */
  #ownerOf(account: string): string {
    return this.#sealing.authenticate(`account of client-app\0${account}`);
  }

  #find(database: Kysely<RecordTables>, kind: RecordKind, id: string, lock: RawBuilder<unknown>) {
    return sql<RecordRow>`select value, sealed_with from client_app_records
      where ${isRecord(kind, id)} and expires_at > ${this.#now} ${lock}`
      .execute(database)
      .then(({ rows }) => rows[0]);
  }

  #seal(kind: RecordKind, id: string, value: unknown) {
    return this.#sealing.seal(JSON.stringify(value), placeOf(kind, id));
  }

  #open<Value>(kind: RecordKind, id: string, row: Pick<RecordRow, 'value' | 'sealed_with'> | undefined) {
    if (!row) return undefined;
    try {
      return JSON.parse(
        this.#sealing.open({ value: row.value, sealedWith: row.sealed_with }, placeOf(kind, id)),
      ) as Value;
    } catch (error) {
      if (error instanceof SealBroken) return undefined;
      throw error;
    }
  }
}

function isRecord(kind: RecordKind, id: string): RawBuilder<boolean> {
  return sql`kind = ${kind} and id_hash = ${hashOf(id)}`;
}

function placeOf(kind: RecordKind, id: string): string {
  return `client_app_records\0${kind}\0${hashOf(id)}`;
}

function hashOf(id: string): string {
  return hash('sha256', id, 'base64url');
}
