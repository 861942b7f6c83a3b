import { Kysely, type LogEvent } from 'kysely';
import { postgresDialect, type PoolOptions } from './postgres/postgres.js';
import type { Schema } from './schema/schema.js';
import { ServerAddress } from './postgres/server-address.js';
import { sqliteDialect } from './sqlite/sqlite.js';
import type { StoreLocation } from './address/store-url.js';
import type { Pooling } from './postgres/transaction-pooling.js';

/** How the database is reached. */
export interface ConnectionOptions {
  /** Connections to PostgreSQL; 10 unless told. */
  readonly connections?: number | undefined;
  /** Seconds until a query, or the wait for a connection to PostgreSQL, is given up; 3 unless told. */
  readonly timeout?: number | undefined;
  /**
   * `transaction` when a pooler such as PgBouncer stands before PostgreSQL and gives a connection away after each transaction;
   * `none` unless told.
   */
  readonly pooling?: Pooling | undefined;
  /**
   * Reads the password for PostgreSQL that counts now, in place of the one in the address: it may change while the server runs. Asked
   * for each connection.
   */
  readonly password?: (() => string | undefined) | undefined;
  /** Is told of each query: how long it took, and whether it failed. For metrics. */
  readonly onQuery?: ((query: { readonly milliseconds: number; readonly failed: boolean }) => void) | undefined;
}

/** Seconds. */
const TIMEOUT = 3;

/**
 * A connection to the database.
 * @param queryTimeout seconds for one query, when it is more than the time-out for a connection
 */
export function connect(
  location: StoreLocation,
  options: ConnectionOptions = {},
  queryTimeout = options.timeout,
): Kysely<Schema> {
  const { onQuery } = options;
  const dialect =
    location.dialect === 'sqlite'
      ? sqliteDialect(location.path)
      : postgresDialect(new ServerAddress(location, options.password), poolOptions(options, queryTimeout));
  const log = ({ level, queryDurationMillis }: LogEvent) =>
    onQuery?.({ milliseconds: queryDurationMillis, failed: level === 'error' });
  return new Kysely<Schema>({ dialect, ...(onQuery ? { log } : {}) });
}

/** What a pool is made with. */
export function poolOptions(
  { connections = 10, timeout = TIMEOUT, pooling = 'none' }: ConnectionOptions,
  queryTimeout = timeout,
): PoolOptions {
  return { connections, connectTimeout: timeout * 1000, queryTimeout: queryTimeout * 1000, pooling };
}
