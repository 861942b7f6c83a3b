import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';

/** SQLITE_BUSY; the extended codes keep it in the lowest byte. */
const BUSY = 5;
const PATIENCE = 5000;
const LONGEST_PAUSE = 20;

/**
 * Waits for the write lock without holding up the event loop. SQLite's own wait would: it is synchronous, and whoever
 * holds the lock may need this very event loop to give it back.
 */
export class BusyRetry implements DatabaseConnection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const deadline = Date.now() + PATIENCE;
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await this.#connection.executeQuery<Row>(query);
      } catch (error) {
        if (!isBusy(error) || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
      }
    }
  }

  streamQuery<Row>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<Row>> {
    return this.#connection.streamQuery<Row>(query, chunkSize);
  }
}

/** Whether somebody else holds the lock. */
export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' && (errcode & 0xff) === BUSY;
}
