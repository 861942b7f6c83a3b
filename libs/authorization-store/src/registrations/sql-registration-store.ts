import {
  OlderGeneration,
  type Party,
  type RecordedEvent,
  type RegistrationChange,
  type RegistrationKind,
  type RegistrationSnapshot,
  type RegistrationStore,
  type StoredRegistration,
  VersionConflict,
} from '@onbehalf/authorization-ports';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { lastNumber, nextNumber, setNumber } from '../database/statements/counters.js';
import type { DatabaseClock } from '../database/database-clock.js';
import type { Dialect } from '../database/schema/migrate.js';
import type { RegistrationTable, Schema } from '../database/schema/schema.js';
import { Lives, readLives } from './lives.js';
import type { RecordWriter } from '../tokens/record-writer.js';

/** Clients, resources, edges and users that are changed at run time, with optimistic locking. */
export class SqlRegistrationStore implements RegistrationStore {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;
  readonly #records: RecordWriter;
  readonly #clock: DatabaseClock;
  readonly #lives: Lives;

  constructor(database: Kysely<Schema>, dialect: Dialect, records: RecordWriter, clock: DatabaseClock) {
    this.#database = database;
    this.#records = records;
    this.#clock = clock;
    this.#dialect = dialect;
    this.#lives = new Lives(database, dialect, clock);
  }

  /** A number that grows with each change, for replicas that ask every few seconds. */
  revision(): Promise<number> {
    return lastNumber(this.#database, 'registrations');
  }

  /** All registrations, and the lives that belong to them. */
  snapshot(): Promise<RegistrationSnapshot> {
    const transaction = this.#database.transaction();
    // a document of one moment with a life of another would let its former holder into that
    const atOnce = this.#dialect === 'postgres' ? transaction.setIsolationLevel('repeatable read') : transaction;
    return atOnce.execute(async (work) => ({
      revision: await lastNumber(work, 'registrations'),
      registrations: await readAll(work),
      lives: await readLives(work),
      generation: await lastNumber(work, 'generation'),
      reloads: await lastNumber(work, 'file_reloads'),
    }));
  }

  /** The registration of this kind and id; `undefined` when there is none. */
  async find(kind: RegistrationKind, id: string): Promise<StoredRegistration | undefined> {
    const row = await findRow(this.#database, kind, id);
    return row && toRegistration(row);
  }

  /**
   * Applies all changes or none, one set of changes at a time across all replicas.
   * @param check is shown everything as it would be, throws when that does not fit together, and tells what becomes of the
   *   parties that are changed
   * @param event what the audit trail tells of the changes, in their transaction
   * @returns what was created or replaced, in the order of the changes
   * @throws VersionConflict
   */
  async apply(
    changes: readonly RegistrationChange[],
    check: (all: readonly StoredRegistration[]) => readonly Party[] = () => [],
    event?: RecordedEvent,
  ): Promise<StoredRegistration[]> {
    const { written, ended } = await this.#records.change(async (transaction, tell) => {
      await nextNumber(transaction, 'registrations');
      const written: StoredRegistration[] = [];
      for (const change of changes) {
        const row = await this.#apply(transaction, change);
        if (row) written.push(toRegistration(row));
      }
      const ended = await this.#lives.settle(transaction, check(await readAll(transaction)), 'these');
      if (event) tell(event);
      return { written, ended };
    });
    await this.#lives.revoke(ended);
    return written;
  }

  /**
   * Has the life of every party begin, go on or end, as it is registered by now.
   * @param generation of what is registered elsewhere; where a later one was settled, nothing happens
   * @param parties of all that is registered, here and elsewhere
   * @param ends false when lives may only begin
   */
  async settle(
    generation: number,
    parties: (all: readonly StoredRegistration[]) => readonly Party[],
    ends: boolean,
  ): Promise<void> {
    const ended = await this.#database.transaction().execute(async (transaction) => {
      await nextNumber(transaction, 'registrations');
      if (generation < (await lastNumber(transaction, 'generation'))) return [];
      await setNumber(transaction, 'generation', generation);
      return this.#lives.settle(transaction, parties(await readAll(transaction)), ends ? 'others' : 'none');
    });
    await this.#lives.revoke(ended);
  }

  /**
   * As {@link settle}, for a file that was read again: lives may end, the audit trail tells it, and so do all later snapshots.
   * @throws OlderGeneration where a later one was settled
   */
  async reload(
    generation: number,
    parties: (all: readonly StoredRegistration[]) => readonly Party[],
    events: readonly RecordedEvent[],
  ): Promise<void> {
    const ended = await this.#records.change(async (transaction, tell) => {
      await nextNumber(transaction, 'registrations');
      const newest = await lastNumber(transaction, 'generation');
      if (generation < newest) throw new OlderGeneration(newest);
      await setNumber(transaction, 'generation', generation);
      await nextNumber(transaction, 'file_reloads');
      for (const event of events) tell(event);
      return this.#lives.settle(transaction, parties(await readAll(transaction)), 'others');
    });
    await this.#lives.revoke(ended);
  }

  async #apply(transaction: Transaction<Schema>, { kind, id, version, document }: RegistrationChange) {
    const current = await findRow(transaction, kind, id);
    if (current?.version !== version) throw new VersionConflict(kind, id, current?.version);
    if (current) await transaction.deleteFrom('registrations').where('kind', '=', kind).where('id', '=', id).execute();
    if (!document) return undefined;
    const row = {
      kind,
      id,
      version: (version ?? 0) + 1,
      document: JSON.stringify(document),
      changed_at: this.#clock.now(),
    };
    await transaction.insertInto('registrations').values(row).execute();
    return row;
  }
}

async function findRow(database: Kysely<Schema>, kind: RegistrationKind, id: string) {
  return database
    .selectFrom('registrations')
    .selectAll()
    .where('kind', '=', kind)
    .where('id', '=', id)
    .executeTakeFirst();
}

async function readAll(database: Kysely<Schema>): Promise<StoredRegistration[]> {
  const rows = await database.selectFrom('registrations').selectAll().orderBy('kind').orderBy('id').execute();
  return rows.map(toRegistration);
}

function toRegistration(row: Selectable<RegistrationTable>): StoredRegistration {
  return {
    kind: row.kind as RegistrationKind,
    id: row.id,
    version: row.version,
    document: JSON.parse(row.document) as StoredRegistration['document'],
  };
}
