import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { isBusy } from '../database/sqlite/busy-retry.js';
import { checkLogIsOwn } from '../database/sqlite/sqlite-file.js';

/** A row as it is stored. */
export type StoredRow = Readonly<Record<string, string | number | null>>;

/** A SQLite file that nobody else reads or writes until it is closed. */
export class SqliteSource {
  readonly #database: DatabaseSync;

  /** @throws ConfigurationError when it is not there, or somebody has it open */
  constructor(path: string) {
    if (!existsSync(path)) throw new ConfigurationError('--from', path, 'a SQLite file that is there');
    checkLogIsOwn(path);
    this.#database = new DatabaseSync(path, { timeout: 0 });
    try {
      // the log can be taken away by who is alone with the file
      this.#database.exec('pragma journal_mode = delete; pragma locking_mode = exclusive; begin exclusive');
    } catch (error) {
      this.close();
      if (!isBusy(error)) throw error;
      throw new ConfigurationError('--from', path, 'a file that no server has open: stop it first');
    }
  }

  /** All tables, by name. */
  get tables(): readonly string[] {
    const names = "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'";
    return this.#all(`${names} order by name`).map(({ name }) => String(name));
  }

  columns(table: string): readonly string[] {
    return this.#all(`pragma table_info("${table}")`).map(({ name }) => String(name));
  }

  count(table: string): number {
    return Number(this.#all(`select count(*) as count from "${table}"`)[0]!['count']);
  }

  /** The first column in which a row holds bytes, as none that a server has written does. */
  columnOfBytes(table: string): string | undefined {
    return this.columns(table).find(
      (column) => this.#all(`select 1 from "${table}" where typeof("${column}") = 'blob' limit 1`).length > 0,
    );
  }

  /** Its rows, in pages. */
  *pages(table: string, size: number): Generator<StoredRow[]> {
    let page: StoredRow[] = [];
    for (const row of this.#database.prepare(`select * from "${table}"`).iterate()) {
      page.push(row as StoredRow);
      if (page.length < size) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  /** What an index sorts by, column by column. */
  indexed(index: string): readonly string[] {
    return this.#all(`pragma index_info("${index}")`).map(({ name }) => String(name));
  }

  close(): void {
    this.#database.close();
  }

  #all(query: string): StoredRow[] {
    return this.#database.prepare(query).all() as StoredRow[];
  }
}
