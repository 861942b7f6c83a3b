import type { CreateTableBuilder, Transaction } from 'kysely';
import type { Schema } from '../schema.js';

/** A table whose text columns may not be null, unless their name ends in `?`. */
export function table(
  db: Transaction<Schema>,
  name: string,
  texts: readonly string[],
  integers: readonly string[],
): CreateTableBuilder<string, string> {
  let builder: CreateTableBuilder<string, string> = db.schema.createTable(name);
  for (const [type, columns] of [['text', texts] as const, ['bigint', integers] as const]) {
    for (const column of columns) {
      const optional = column.endsWith('?');
      const bare = optional ? column.slice(0, -1) : column;
      builder = builder.addColumn(bare, type, (definition) => (optional ? definition : definition.notNull()));
    }
  }
  return builder;
}

/** An index, named after its table and columns. */
export function index(db: Transaction<Schema>, tableName: string, ...columns: readonly string[]): Promise<void> {
  return db.schema
    .createIndex(`${tableName}_by_${columns.join('_')}`)
    .on(tableName)
    .columns([...columns])
    .execute();
}
