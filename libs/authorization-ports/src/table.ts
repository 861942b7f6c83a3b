import { ConfigurationError } from '@onbehalf/oauth-protocol';

/** A column. Integers are whole numbers up to 2^53, times are seconds since the epoch. */
export interface Column {
  readonly type: 'text' | 'integer';
  /** May be null. Whatever is added to a table that exists already has to be. */
  readonly optional?: boolean;
  /** Encrypted at rest, and encrypted anew when the key changes; cannot be searched for. Text only. */
  readonly sealed?: boolean;
}

/** The columns of a table, by name. */
export type Columns = Readonly<Record<string, Column>>;

/**
 * A table, whole: the store makes it, adds what is added to it later, deletes what has expired, and seals and reseals what is
 * secret. Columns are never taken away or changed; of another table the name is free.
 */
export interface TableDeclaration<C extends Columns = Columns> {
  /** In snake_case, and of one table only: `<feature>_<what>`. */
  readonly name: string;
  readonly columns: C;
  /** The columns by which a row is known. */
  readonly key: readonly (keyof C & string)[];
  /** What rows are searched by beside the key; each becomes an index. */
  readonly indexes?: readonly (readonly (keyof C & string)[])[];
  /** The column that holds when a row ends, in seconds since the epoch: from then on it is not found, and it is deleted some minutes later. */
  readonly expires?: keyof C & string;
}

type ValueOf<C extends Column> =
  (C['type'] extends 'integer' ? number : string) | (C['optional'] extends true ? null : never);

/** A row of a table. */
export type RowOf<T extends TableDeclaration> = {
  readonly [N in keyof T['columns'] & string]: ValueOf<T['columns'][N]>;
};

/** A row without what is sealed. */
export type OpenRowOf<T extends TableDeclaration> = {
  readonly [N in keyof T['columns'] & string as T['columns'][N]['sealed'] extends true ? never : N]: ValueOf<
    T['columns'][N]
  >;
};

/** What a row is known by. */
export type KeyOf<T extends TableDeclaration> = Pick<RowOf<T>, T['key'][number] & keyof RowOf<T>>;

/** Rows that hold all of these values. Of sealed columns none can be named. */
export type Matching<T extends TableDeclaration> = Partial<RowOf<T>>;

/** What can be done with the rows of a table. Each step is atomic, for all replicas together. */
export interface Table<T extends TableDeclaration> {
  /** @returns false, and nothing is stored, when a row of this key is there */
  insert(row: RowOf<T>): Promise<boolean>;
  /** The row of this key, with what is sealed opened; `undefined` when there is none. */
  find(key: KeyOf<T>): Promise<RowOf<T> | undefined>;
  /** In the order of the key. At most `limit` (1000 unless told). */
  list(matching: Matching<T>, limit?: number): Promise<readonly RowOf<T>[]>;
  /** As {@link list}, without what is sealed, which nobody opens for it. */
  listOpen(matching: Matching<T>, limit?: number): Promise<readonly OpenRowOf<T>[]>;
  /** @returns false, and nothing changes, when no row of this key holds these values */
  update(key: KeyOf<T>, changes: Partial<RowOf<T>>, matching?: Matching<T>): Promise<boolean>;
  /** Deletes a row and returns it: of several who take it, one gets it. */
  take(key: KeyOf<T>): Promise<RowOf<T> | undefined>;
  /** Deletes every row that holds these values. @returns how many */
  delete(matching: Matching<T>): Promise<number>;
}

/** Gives access to a table that is declared. */
export type Tables = <T extends TableDeclaration>(declaration: T) => Table<T>;

const NAME = /^[a-z][a-z0-9_]{0,39}$/;

/**
 * Lets the compiler know the columns of a table.
 * @throws ConfigurationError when it contradicts itself
 */
export function table<const T extends TableDeclaration>(declaration: T): T {
  const { name, columns, key, indexes = [], expires } = declaration;
  const refuse = (value: string, accepted: string): never => {
    throw new ConfigurationError(`table ${name}`, value, accepted);
  };
  for (const each of [name, ...Object.keys(columns)]) if (!NAME.test(each)) refuse(each, 'names in snake_case');
  for (const each of [...key, ...indexes.flat(), ...(expires === undefined ? [] : [expires])]) {
    const { sealed } = columns[each] ?? refuse(each, 'columns of the table');
    if (sealed) refuse(each, 'columns that are not sealed in keys, indexes and expires');
  }
  for (const each of key) if (columns[each]?.optional) refuse(each, 'columns that are not optional in the key');
  if (key.length === 0) refuse('', 'a key of at least one column');
  if (expires !== undefined && columns[expires]?.type !== 'integer') refuse(expires, 'an integer column for expires');
  for (const [each, { type, sealed }] of Object.entries(columns)) {
    if (sealed && type !== 'text') refuse(each, 'text in sealed columns');
  }
  return declaration;
}
