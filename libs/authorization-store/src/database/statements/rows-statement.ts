import { sql, type CompiledQuery, type Kysely, type RawBuilder } from 'kysely';
import type { Dialect } from '../schema/migrate.js';
import type { Schema } from '../schema/schema.js';

/** Rows of one statement on SQLite, which builds and prepares one for each number of rows. */
const CHUNK = 16;

/** What rows look like. */
export interface RowShape<Row> {
  /** The table whose columns have the types of the members. */
  readonly table: keyof Schema;
  readonly columns: readonly (keyof Row & string)[];
}

/**
 * A statement over rows that are handed to it, `select … from ${rows} t`. It is built once, not at each use. On PostgreSQL the
 * rows are one JSON parameter, so that their number makes no difference; SQLite is faster with a parameter for each value.
 */
export class RowsStatement<Row extends object, Result = unknown> {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;
  readonly #shape: RowShape<Row>;
  readonly #build: (rows: RawBuilder<unknown>) => RawBuilder<Result>;
  readonly #compiled = new Map<number, CompiledQuery<Result>>();

  constructor(
    database: Kysely<Schema>,
    dialect: Dialect,
    shape: RowShape<Row>,
    build: (rows: RawBuilder<unknown>) => RawBuilder<Result>,
  ) {
    this.#database = database;
    this.#dialect = dialect;
    this.#shape = shape;
    this.#build = build;
  }

  async execute(database: Kysely<Schema>, rows: readonly Row[]): Promise<Result[]> {
    if (this.#dialect === 'postgres') return this.#run(database, 1, [JSON.stringify(rows)]);
    const results: Result[] = [];
    for (let start = 0; start < rows.length; start += CHUNK) {
      const chunk = rows.slice(start, start + CHUNK);
      results.push(...(await this.#run(database, chunk.length, this.#values(chunk))));
    }
    return results;
  }

  async #run(database: Kysely<Schema>, count: number, parameters: readonly unknown[]): Promise<Result[]> {
    const { rows } = await database.executeQuery<Result>({ ...this.#statement(count), parameters });
    return rows;
  }

  #statement(count: number): CompiledQuery<Result> {
    const known = this.#compiled.get(count);
    if (known) return known;
    const rows = this.#dialect === 'postgres' ? jsonRows(this.#shape.table) : valueRows(this.#shape.columns, count);
    const compiled = this.#build(rows).compile(this.#database);
    this.#compiled.set(count, compiled);
    return compiled;
  }

  #values(rows: readonly Row[]): unknown[] {
    const values: unknown[] = [];
    for (const row of rows) for (const column of this.#shape.columns) values.push(row[column] ?? null);
    return values;
  }
}

/** Stands where a value takes its place when the statement is executed. */
const LATER = sql.val('');

/** The rows of a table that one JSON parameter of PostgreSQL holds. */
export function jsonRows(table: keyof Schema): RawBuilder<unknown> {
  return sql`json_populate_recordset(null::${sql.table(table)}, cast(${LATER} as json))`;
}

function valueRows(columns: readonly string[], count: number): RawBuilder<unknown> {
  const row = sql`(${sql.join(columns.map(() => LATER))})`;
  const named = columns.map((column, index) => sql`${sql.ref(`column${index + 1}`)} as ${sql.ref(column)}`);
  return sql`(select ${sql.join(named)} from (values ${sql.join(Array.from({ length: count }, () => row))}))`;
}

/**
 * Joins the token of this key as `p`, if there is one, so that several of its columns take one look-up. PostgreSQL guesses the number of
 * rows; without a limit it would then rather read the whole table than look each one up.
 */
export function tokenBeside(dialect: Dialect, iss: RawBuilder<unknown>, jti: RawBuilder<unknown>): RawBuilder<unknown> {
  const ofKey = (t: RawBuilder<unknown>): RawBuilder<unknown> => sql`${t}.iss = ${iss} and ${t}.jti = ${jti}`;
  return dialect === 'postgres'
    ? sql`left join lateral (select * from tokens where ${ofKey(sql`tokens`)} limit 1) p on true`
    : sql`left join tokens p on ${ofKey(sql`p`)}`;
}

/**
 * Whether there is a row, for use in what is selected of the rows of a {@link RowsStatement}. PostgreSQL guesses their number;
 * for an `exists`, or a join, it would then rather read the whole table than look each one up.
 */
export function anyOf(rows: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`((select 1 from ${rows} limit 1) is not null)`;
}
