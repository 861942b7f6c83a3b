import type { Columns, TableDeclaration } from '@onbehalf/authorization-ports';

/** A table as it is called in the database, where the names of others are free for this library. */
export function storedName({ name }: TableDeclaration): string {
  return `feature_${name}`;
}

/** The column that tells which key a sealed column is sealed with. */
export function sealedWith(column: string): string {
  return `${column}_sealed_with`;
}

/** The columns of a table that are sealed. */
export function sealedColumns({ columns }: TableDeclaration): readonly string[] {
  return Object.keys(columns).filter((column) => columns[column]?.sealed);
}

/** What ties a sealed value to its place: moved to another row or column it cannot be opened. */
export function placeOf(table: TableDeclaration, column: string, row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([storedName(table), column, ...table.key.map((name) => row[name])]);
}

/** The columns of the database that a column becomes, and whether they may be null. */
export function storedColumns(
  columns: Columns,
): readonly { name: string; type: 'text' | 'bigint'; optional: boolean }[] {
  return Object.entries(columns).flatMap(([name, { type, optional = false, sealed }]) => [
    { name, type: type === 'integer' ? ('bigint' as const) : ('text' as const), optional },
    ...(sealed ? [{ name: sealedWith(name), type: 'text' as const, optional }] : []),
  ]);
}
