import { copyFileSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { checkLogIsOwn, logOf, readHeader, type SqliteHeader } from '../database/sqlite/sqlite-file.js';
import { backUpSqlite } from './sqlite-backup.js';

/** How a dump of PostgreSQL begins. */
const DUMP = 'PGDMP';

/** A copy of a copy of the database, in a folder of its own, so that a check changes nothing. */
export class ScratchCopy {
  /** Why it is not whole, as far as the file alone tells. */
  readonly broken: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'onbehalf-restored-'));

  private constructor(broken: readonly string[]) {
    this.broken = broken;
  }

  /**
   * @param path the file of SQLite to be looked at
   * @param database the file that a server may use at this moment, if any
   * @throws ConfigurationError for what is no file of SQLite
   */
  static async of(path: string, database?: string): Promise<ScratchCopy> {
    const copy = new ScratchCopy(misfits(path));
    try {
      if (database !== undefined && isSame(path, database)) await backUpSqlite(path, copy.path);
      else copyWithLog(path, copy.path);
    } catch (error) {
      copy.remove();
      throw error;
    }
    return copy;
  }

  get path(): string {
    return join(this.#folder, 'copy.db');
  }

  /** Everything that SQLite finds wrong, at most `most` of it. */
  integrity(most: number): string[] {
    const database = new DatabaseSync(this.path);
    try {
      const rows = database.prepare(`pragma integrity_check(${most})`).all() as { integrity_check: string }[];
      return rows.map((row) => row.integrity_check).filter((told) => told !== 'ok');
    } catch (error) {
      return [(error as Error).message];
    } finally {
      database.close();
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The records of the audit trail that a file of SQLite has, by its heads; `undefined` where it has none, or cannot be read. */
export function recordsIn(path: string): number | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    const sum = 'select coalesce(sum(sequence + 1), 0) as records from audit_heads';
    return (database.prepare(sum).get() as { records: number }).records;
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}

function misfits(path: string): string[] {
  const { text, isSqlite, isLogged } = headerOf(path);
  if (text.startsWith(DUMP)) {
    const accepted = 'a file of SQLite; restore a dump of PostgreSQL by pg_restore, then check it with DATABASE_URL';
    throw new ConfigurationError('the copy', path, accepted);
  }
  if (!isSqlite) return ['the file is none of SQLite'];
  checkLogIsOwn(path);
  if (!isLogged || existsSync(logOf(path))) return [];
  return [
    'the file was copied while a server had it open, and the log beside it (-wal) is not here: what that held is lost; copy it by the command backup',
  ];
}

function headerOf(path: string): SqliteHeader {
  try {
    return readHeader(path);
  } catch (error) {
    const accepted = `a file that can be read (${(error as NodeJS.ErrnoException).code})`;
    throw new ConfigurationError('the copy', path, accepted);
  }
}

function isSame(path: string, database: string): boolean {
  return existsSync(database) && realpathSync(path) === realpathSync(database);
}

/** A log belongs to the file: what it holds is not in there yet. */
function copyWithLog(from: string, to: string): void {
  copyFileSync(from, to);
  if (existsSync(logOf(from))) copyFileSync(logOf(from), logOf(to));
}
