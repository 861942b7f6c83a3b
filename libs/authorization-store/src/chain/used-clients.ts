import { sql, type Kysely, type RawBuilder, type Selectable, type Transaction } from 'kysely';
import type { UsedClientTable } from '../database/schema/audit-tables.js';
import { indexable } from '../database/statements/hash.js';
import type { Dialect } from '../database/schema/migrate.js';
import { RowsStatement } from '../database/statements/rows-statement.js';
import type { Schema } from '../database/schema/schema.js';
import type { ChainRow } from './audit-chain.js';

/** A client to which something was issued by an exchange for one life of an account. */
export type UsedClient = Selectable<UsedClientTable>;

const COLUMNS = ['subject', 'subject_life', 'client_id'] as const satisfies (keyof UsedClient)[];

/** Clients of persons that are known to be stored, at most; about 4 MB. */
const KNOWN = 20_000;

/** Which clients got something on whose behalf: stored with the first record that tells it, and not asked for again. */
export class UsedClients {
  readonly #insert: RowsStatement<UsedClient>;
  readonly #known = new Set<string>();
  #uncommitted: readonly string[] = [];

  constructor(database: Kysely<Schema>, dialect: Dialect) {
    this.#insert = new RowsStatement(
      database,
      dialect,
      { table: 'used_clients', columns: COLUMNS },
      usedClientInsertion,
    );
  }

  /** What the records tell that is not known to be stored, in one order for all replicas, so that none waits for another in turns. */
  newIn(records: readonly ChainRow[]): UsedClient[] {
    const found = new Map<string, UsedClient>();
    for (const record of records) {
      const used = usedClientIn(record);
      if (!used) continue;
      const key = JSON.stringify([used.subject, used.subject_life, used.client_id]);
      if (!this.#known.has(key)) found.set(key, used);
    }
    this.#uncommitted = [...found.keys()].sort();
    return this.#uncommitted.map((key) => found.get(key)!);
  }

  /** Stores what `newIn` has told. */
  async insert(work: Transaction<Schema>, used: readonly UsedClient[]): Promise<void> {
    if (used.length > 0) await this.#insert.execute(work, used);
  }

  /** The transaction took place. */
  committed(): void {
    if (this.#known.size + this.#uncommitted.length > KNOWN) this.#known.clear();
    for (const key of this.#uncommitted) this.#known.add(key);
    this.#uncommitted = [];
  }

  /** It may not have taken place. */
  forget(): void {
    this.#uncommitted = [];
  }
}

type Told = Pick<ChainRow, 'subject' | 'subject_life' | 'client_id' | 'outcome'>;

/** The client that a record tells of, if something was issued to it for a life of an account. */
export function usedClientIn({
  subject,
  subject_life: life,
  client_id: client,
  outcome,
}: Told): UsedClient | undefined {
  if (outcome !== 'issued' || life == null || subject == null || client == null) return undefined;
  return { subject, subject_life: life, client_id: client };
}

export function usedClientInsertion(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  const columns = sql.join(COLUMNS.map((column) => sql.ref(column)));
  return sql`insert into used_clients (${columns}) select ${columns} from ${rows} t where true on conflict do nothing`;
}

/** The clients to which something was issued by an exchange for one life of an account, in the order of their ids. */
export async function usedClients(database: Kysely<Schema>, subject: string, life: number): Promise<string[]> {
  const rows = await database
    .selectFrom('used_clients')
    .select('client_id')
    .where('subject', '=', indexable(subject))
    .where('subject_life', '=', life)
    .orderBy('client_id')
    .execute();
  return rows.map((row) => row.client_id);
}

/** The same for all lives of these accounts. */
export async function usedClientsOf(database: Kysely<Schema>, subjects: readonly string[]): Promise<UsedClient[]> {
  return database.selectFrom('used_clients').select(COLUMNS).where('subject', 'in', subjects).execute();
}
