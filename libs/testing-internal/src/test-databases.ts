import { startPostgres } from './postgres.js';

/** A kind of database that the store's tests run on. */
export interface TestDatabase {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** The address of a new, empty database. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

/** SQLite in memory, and PostgreSQL where there is one; for `describe.each`. */
export async function testDatabases(): Promise<TestDatabase[]> {
  const postgres = await startPostgres();
  const sqlite: TestDatabase = {
    name: 'SQLite',
    database: () => Promise.resolve('sqlite::memory:'),
    stop: () => Promise.resolve(),
  };
  return postgres ? [sqlite, { name: 'PostgreSQL', ...postgres }] : [sqlite];
}
