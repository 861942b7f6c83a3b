import { sql, type CompiledQuery, type Kysely, type RawBuilder } from 'kysely';
import type { Dialect } from './migrate.js';
import type { Schema } from './schema.js';

/**
 * Rows as one parameter, a JSON array of objects: a statement over them is the same for any number of rows, so it is
 * built, parsed and planned once.
 * @param table whose columns have the types of the members
 */
export function jsonRows(dialect: Dialect, table: keyof Schema, columns: readonly string[]): RawBuilder<unknown> {
  // the value takes its place when the statement is executed
  const json = sql.val('[]');
  if (dialect === 'postgres') return sql`json_populate_recordset(null::${sql.table(table)}, cast(${json} as json))`;
  const members = columns.map((column) => sql`value ->> ${sql.lit(column)} as ${sql.ref(column)}`);
  return sql`(select key as ordinal, ${sql.join(members)} from json_each(${json}))`;
}

/**
 * Whether there is a row, for use in what is selected of {@link jsonRows}. PostgreSQL guesses their number; for an `exists`,
 * or a join, it would then rather read the whole table than look each one up.
 */
export function anyOf(rows: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`((select 1 from ${rows} limit 1) is not null)`;
}

/** A statement with rows in JSON as its only parameter. */
export class RowsStatement<Row extends object, Result> {
  readonly #compiled: CompiledQuery<Result>;

  constructor(database: Kysely<Schema>, statement: RawBuilder<Result>) {
    this.#compiled = statement.compile(database);
  }

  async execute(database: Kysely<Schema>, rows: readonly Row[]): Promise<Result[]> {
    const result = await database.executeQuery<Result>({ ...this.#compiled, parameters: [JSON.stringify(rows)] });
    return result.rows;
  }
}
