import { sql, type Kysely } from 'kysely';
import type { Dialect } from './migrate.js';
import type { Schema } from './schema.js';

/** Every table of the database, those of features among them, by name. A table in partitions is one. */
export async function tableNames(database: Kysely<Schema>, dialect: Dialect): Promise<string[]> {
  const names =
    dialect === 'postgres'
      ? sql<{ name: string }>`select relname as name from pg_class
          where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition`
      : sql<{
          name: string;
        }>`select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'`;
  const { rows } = await names.execute(database);
  return rows.map(({ name }) => name).sort();
}

/** The rows of a table. */
export async function countRows(database: Kysely<Schema>, table: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(database);
  return rows[0]?.count ?? 0;
}
