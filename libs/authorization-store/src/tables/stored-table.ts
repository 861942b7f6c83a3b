import type { KeyOf, Matching, OpenRowOf, RowOf, Table, TableDeclaration } from '@onbehalf/authorization-ports';
import type { Clock } from '@onbehalf/oauth-protocol';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import { placeOf, sealedColumns, sealedWith, storedColumns, storedName } from './table-columns.js';

type Values = Readonly<Record<string, string | number | null>>;

/** Rows that are listed at most unless told. */
const LIMIT = 1000;

/** A declared table. Every step is one statement, so that it is atomic for all replicas. */
export class StoredTable<T extends TableDeclaration> implements Table<T> {
  readonly #declaration: T;
  readonly #database: Kysely<Schema>;
  readonly #sealing: SealingKeys;
  readonly #clock: Clock;
  readonly #table: RawBuilder<unknown>;
  readonly #columns: RawBuilder<unknown>;

  constructor(declaration: T, database: Kysely<Schema>, sealing: SealingKeys, clock: Clock) {
    this.#declaration = declaration;
    this.#database = database;
    this.#sealing = sealing;
    this.#clock = clock;
    this.#table = sql.table(storedName(declaration));
    this.#columns = refs(storedColumns(declaration.columns).map(({ name }) => name));
  }

  async insert(row: RowOf<T>): Promise<boolean> {
    const values = this.#seal(row, row);
    const { key, expires } = this.#declaration;
    const assignments = Object.keys(values).map((name) => sql`${sql.ref(name)} = ${sql.ref(`excluded.${name}`)}`);
    // a row that has ended leaves its place
    const conflict =
      expires === undefined
        ? sql`do nothing`
        : sql`do update set ${sql.join(assignments)}
            where ${sql.ref(`${storedName(this.#declaration)}.${expires}`)} <= ${this.#clock()}`;
    const { rows } = await sql`insert into ${this.#table} (${refs(Object.keys(values))})
      values (${sql.join(Object.values(values))}) on conflict (${refs(key)}) ${conflict} returning 1`.execute(
      this.#database,
    );
    return rows.length > 0;
  }

  async find(key: KeyOf<T>): Promise<RowOf<T> | undefined> {
    const [row] = await this.#read(this.#byKey(key), 1);
    return row;
  }

  list(matching: Matching<T>, limit = LIMIT): Promise<readonly RowOf<T>[]> {
    return this.#read(matching as Values, limit);
  }

  async listOpen(matching: Matching<T>, limit = LIMIT): Promise<readonly OpenRowOf<T>[]> {
    const { columns, key } = this.#declaration;
    const open = Object.keys(columns).filter((name) => !columns[name]?.sealed);
    const { rows } = await sql<OpenRowOf<T>>`select ${refs(open)} from ${this.#table}
      where ${this.#where(matching as Values)} order by ${refs(key)} limit ${limit}`.execute(this.#database);
    return rows;
  }

  async update(key: KeyOf<T>, changes: Partial<RowOf<T>>, matching: Matching<T> = {}): Promise<boolean> {
    const named = this.#byKey(key);
    const moved = this.#declaration.key.find((name) => name in changes);
    if (moved !== undefined) throw new TypeError(`The key column ${moved} cannot be changed`);
    const values = Object.entries(this.#seal(changes as Values, named));
    if (values.length === 0) throw new TypeError('Nothing is to be changed');
    const assignments = values.map(([name, value]) => sql`${sql.ref(name)} = ${value}`);
    const result = await sql`update ${this.#table} set ${sql.join(assignments)}
      where ${this.#where({ ...(matching as Values), ...named })}`.execute(this.#database);
    return Number(result.numAffectedRows ?? 0) > 0;
  }

  async take(key: KeyOf<T>): Promise<RowOf<T> | undefined> {
    const { rows } = await sql<Values>`delete from ${this.#table} where ${this.#where(this.#byKey(key))}
      returning ${this.#columns}`.execute(this.#database);
    return rows[0] && this.#open(rows[0]);
  }

  async delete(matching: Matching<T>): Promise<number> {
    if (Object.keys(matching).length === 0) throw new TypeError('Rows are deleted by what they hold, never all');
    const result = await sql`delete from ${this.#table} where ${this.#where(matching as Values)}`.execute(
      this.#database,
    );
    return Number(result.numAffectedRows ?? 0);
  }

  async #read(matching: Values, limit: number): Promise<RowOf<T>[]> {
    const { rows } = await sql<Values>`select ${this.#columns} from ${this.#table}
      where ${this.#where(matching)} order by ${refs(this.#declaration.key)} limit ${limit}`.execute(this.#database);
    return rows.map((row) => this.#open(row));
  }

  /** Only what the key consists of: more would be taken for a condition. */
  #byKey(key: KeyOf<T>): Values {
    const given = key as Values;
    return Object.fromEntries(this.#declaration.key.map((name) => [name, given[name] ?? missing(name)]));
  }

  #where(matching: Values): RawBuilder<unknown> {
    const { columns, expires } = this.#declaration;
    const conditions = Object.entries(matching).map(([name, value]) => {
      const column = columns[name];
      if (!column || column.sealed || value === undefined) throw new TypeError(`Rows cannot be found by ${name}`);
      return value === null ? sql`${sql.ref(name)} is null` : sql`${sql.ref(name)} = ${value}`;
    });
    if (expires !== undefined) {
      conditions.push(sql`(${sql.ref(expires)} is null or ${sql.ref(expires)} > ${this.#clock()})`);
    }
    return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
  }

  /** The values as they are stored in the row of this key. */
  #seal(values: Values, key: Values): Values {
    const { columns } = this.#declaration;
    const stored = Object.entries(values).flatMap(([name, value]): [string, string | number | null][] => {
      if (!columns[name]) throw new TypeError(`The table has no column ${name}`);
      if (!columns[name].sealed) return [[name, value]];
      const sealed =
        value === null ? undefined : this.#sealing.seal(String(value), placeOf(this.#declaration, name, key));
      return [
        [name, sealed?.value ?? null],
        [sealedWith(name), sealed?.sealedWith ?? null],
      ];
    });
    return Object.fromEntries(stored);
  }

  #open(row: Values): RowOf<T> {
    const sealed = new Set(sealedColumns(this.#declaration));
    const opened = Object.keys(this.#declaration.columns).map((name): [string, unknown] => {
      const value = row[name] ?? null;
      if (value === null || !sealed.has(name)) return [name, value];
      const stored = { value: String(value), sealedWith: String(row[sealedWith(name)]) };
      return [name, this.#sealing.open(stored, placeOf(this.#declaration, name, row))];
    });
    return Object.fromEntries(opened) as RowOf<T>;
  }
}

function refs(names: readonly string[]): RawBuilder<unknown> {
  return sql.join(names.map((name) => sql.ref(name)));
}

function missing(name: string): never {
  throw new TypeError(`The key column ${name} is missing`);
}
