import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { CompiledQuery, SqliteDialect, SqliteDriver, type DatabaseConnection, type SqliteDatabase } from 'kysely';
import { BusyRetry, isBusy } from './busy-retry.js';
import { checkIsFile, checkLogIsOwn } from './sqlite-file.js';

/** Statements that are kept prepared; the store has about fifty. */
const PREPARED_STATEMENTS = 200;

/** Milliseconds for the wait until a file can be opened, and between two tries. */
const OPEN_TIMEOUT = 5000;
const OPEN_PAUSE = 10;

/** Takes the write lock at once: a reader that turns writer in mid-transaction fails with SQLITE_BUSY and no wait. */
class ImmediateDriver extends SqliteDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    return new BusyRetry(await super.acquireConnection());
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

class NodeSqliteDialect extends SqliteDialect {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateDriver({ database: this.#database });
  }
}

/** The SQLite that comes with Node, as a dialect of Kysely. A missing file is created, readable by its owner alone. */
export function sqliteDialect(path: string): SqliteDialect {
  if (path !== ':memory:') {
    checkIsFile(path);
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(path, 'a', 0o600));
  }
  checkLogIsOwn(path);
  const database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT });
  writeAhead(database);
  // FULL: what was acknowledged survives a loss of power, not only of the process
  // a checkpoint writes each page once, however often it changed: every 16 MB instead of every 4. What a statement needs to
  // take itself back is no file
  database.exec(`pragma synchronous = full; pragma busy_timeout = 0;
    pragma wal_autocheckpoint = 4000; pragma temp_store = memory;`);
  return new NodeSqliteDialect(withPreparedStatements(database));
}

/** Turns the log on. Whoever else comes or goes at this moment may hold the file: then it is a matter of milliseconds. */
function writeAhead(database: DatabaseSync): void {
  const deadline = Date.now() + OPEN_TIMEOUT;
  for (;;) {
    try {
      return database.exec('pragma journal_mode = wal');
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_PAUSE);
    }
  }
}

/**
 * Who leaves last takes the log away, and says so in the file: one that still says it has a log, and has none beside it, was copied
 * while it was in use.
 */
function close(database: DatabaseSync): void {
  try {
    database.exec('pragma journal_mode = delete');
  } catch {
    // somebody else goes on with it
  }
  database.close();
}

function withPreparedStatements(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, ReturnType<SqliteDatabase['prepare']>>();
  return {
    close: () => close(database),
    prepare: (sql) => {
      const known = prepared.get(sql);
      if (known) return known;
      if (prepared.size >= PREPARED_STATEMENTS) prepared.clear();
      const statement = adapt(database.prepare(sql));
      prepared.set(sql, statement);
      return statement;
    },
  };
}

/** node:sqlite takes the parameters one by one, Kysely hands them over as an array. */
function adapt(statement: StatementSync): ReturnType<SqliteDatabase['prepare']> {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}
