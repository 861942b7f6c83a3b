import { type AuditField, checkAuditField, snakeCase, type TableDeclaration } from '@onbehalf/authorization-ports';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import { storedColumns, storedName } from './table-columns.js';

/** How declarations are called, each before its name. */
const TABLE = 'table ';
const FIELD = 'audit field ';

/** What features declare of the database beside its own tables. */
export interface Declared {
  readonly tables?: readonly TableDeclaration[];
  readonly auditFields?: readonly AuditField[];
}

/** The column of the audit trail that repeats a field, so that records can be found by it. */
export function auditColumn({ name }: AuditField): string {
  return `field_${snakeCase(name)}`;
}

/** Whether records are searched by a field. */
export function hasColumn({ searchable, foundBy }: AuditField): boolean {
  return searchable === true || foundBy !== undefined;
}

/**
 * Makes declared tables and columns that are not there yet. What is there is never changed: replicas that know less go on working.
 * @returns what was made
 * @throws ConfigurationError when a declaration contradicts what was declared before
 */
export async function declareTables(
  work: Transaction<Schema>,
  { tables = [], auditFields = [] }: Declared,
): Promise<string[]> {
  const made: string[] = [];
  for (const table of tables) if (await declareTable(work, table)) made.push(tableName(table));
  for (const field of auditFields.filter(hasColumn)) {
    if (await declareAuditField(work, field)) made.push(fieldName(field));
  }
  return made;
}

/** What was declared before, by its name. */
export async function declarationsIn(database: Kysely<Schema>): Promise<ReadonlyMap<string, string>> {
  const rows = await database.selectFrom('declarations').selectAll().execute();
  return new Map(rows.map(({ name, declaration }) => [name, declaration]));
}

/** The tables and the names of the audit fields that were declared, with every column that a table ever had. */
export function readDeclarations(declarations: ReadonlyMap<string, string>): {
  tables: TableDeclaration[];
  fields: string[];
} {
  const all = [...declarations];
  const fields = all.filter(([name]) => name.startsWith(FIELD)).map(([name]) => name.slice(FIELD.length));
  const tables = all
    .filter(([name]) => name.startsWith(TABLE))
    .map(([, table]) => JSON.parse(table) as TableDeclaration);
  return { tables, fields };
}

/** What {@link declareTables} would make or extend where this was declared before. */
export function undeclared(
  before: ReadonlyMap<string, string>,
  { tables = [], auditFields = [] }: Declared,
): readonly string[] {
  const fields = auditFields.filter(hasColumn).map(fieldName);
  return [
    ...tables
      .filter((table) => before.get(tableName(table)) !== declarationOf(table, before.get(tableName(table))))
      .map(tableName),
    ...fields.filter((field) => !before.has(field)),
  ];
}

function fieldName({ name }: AuditField): string {
  return `${FIELD}${name}`;
}

function tableName({ name }: TableDeclaration): string {
  return `${TABLE}${name}`;
}

async function declareTable(work: Transaction<Schema>, table: TableDeclaration): Promise<boolean> {
  const before = await declared(work, tableName(table));
  const declaration = declarationOf(table, before);
  if (before === declaration) return false;
  if (before === undefined) await createTable(work, table);
  else await extendTable(work, table, JSON.parse(before) as TableDeclaration);
  const name = sql.table(storedName(table));
  for (const columns of [...(table.indexes ?? []), ...(table.expires === undefined ? [] : [[table.expires]])]) {
    const index = sql.ref(`${storedName(table)}_by_${columns.join('_')}`);
    await sql`create index if not exists ${index} on ${name} (${sql.join(columns.map((each) => sql.ref(each)))})`.execute(
      work,
    );
  }
  await remember(work, tableName(table), declaration);
  return true;
}

/**
 * What is remembered of a table: what was declared of it once stays.
 * @throws ConfigurationError when a declaration contradicts what was declared before
 */
function declarationOf(table: TableDeclaration, before: string | undefined): string {
  if (before === undefined) return JSON.stringify(table);
  const known = JSON.parse(before) as TableDeclaration;
  checkAgrees(table, known);
  const columns = { ...known.columns, ...table.columns };
  const indexes = new Map([...(known.indexes ?? []), ...(table.indexes ?? [])].map((index) => [index.join(), index]));
  const all = indexes.size > 0 ? { indexes: [...indexes.values()] } : {};
  return JSON.stringify({ ...known, ...table, columns, ...all });
}

function checkAgrees(table: TableDeclaration, before: TableDeclaration): void {
  const refuse = (value: string, accepted: string): never => {
    throw new ConfigurationError(`table ${table.name}`, value, accepted);
  };
  if (table.key.join() !== before.key.join()) refuse(table.key.join(), `the key ${before.key.join()}, as before`);
  for (const [name, column] of Object.entries(before.columns)) {
    const now = table.columns[name];
    // a replica that does not know of an optional column leaves it empty
    if (now ? JSON.stringify(now) !== JSON.stringify(column) : !column.optional) {
      refuse(name, 'the column as it was before');
    }
  }
  const added = Object.entries(table.columns).find(([name, { optional }]) => !(name in before.columns) && !optional);
  if (added) refuse(added[0], 'an optional column, because there are rows already');
}

async function createTable(work: Transaction<Schema>, table: TableDeclaration): Promise<void> {
  let builder = work.schema.createTable(storedName(table));
  for (const { name, type, optional } of storedColumns(table.columns)) {
    builder = builder.addColumn(name, type, (column) => (optional ? column : column.notNull()));
  }
  await builder.addPrimaryKeyConstraint(`${storedName(table)}_key`, [...table.key] as never[]).execute();
}

async function extendTable(
  work: Transaction<Schema>,
  table: TableDeclaration,
  before: TableDeclaration,
): Promise<void> {
  const known = new Set(storedColumns(before.columns).map(({ name }) => name));
  for (const { name, type } of storedColumns(table.columns).filter((column) => !known.has(column.name))) {
    await work.schema.alterTable(storedName(table)).addColumn(name, type).execute();
  }
}

async function declareAuditField(work: Transaction<Schema>, field: AuditField): Promise<boolean> {
  checkAuditField(field);
  const name = fieldName(field);
  if ((await declared(work, name)) !== undefined) return false;
  const column = auditColumn(field);
  await work.schema.alterTable('audit_records').addColumn(column, 'text').execute();
  // a list may be longer than what an index takes, and few records have one
  const indexed = field.foundBy === undefined ? sql`${sql.ref(column)}, at` : sql`at`;
  await sql`create index ${sql.ref(`audit_records_by_${column}`)} on audit_records (${indexed})
    where ${sql.ref(column)} is not null`.execute(work);
  await remember(work, name, '');
  return true;
}

async function declared(work: Transaction<Schema>, name: string): Promise<string | undefined> {
  const row = await work.selectFrom('declarations').select('declaration').where('name', '=', name).executeTakeFirst();
  return row?.declaration;
}

async function remember(work: Transaction<Schema>, name: string, declaration: string): Promise<void> {
  await work
    .insertInto('declarations')
    .values({ name, declaration })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ declaration }))
    .execute();
}
