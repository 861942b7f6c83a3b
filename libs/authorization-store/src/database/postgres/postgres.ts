import { PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { sha256 } from '../statements/hash.js';
import { pgDriver } from './pg-driver.js';
import type { ServerAddress } from './server-address.js';
import { READ_ONLY, StoreUnavailable, toStoreError } from './store-unavailable.js';
import { inTransactions, type Pooling } from './transaction-pooling.js';

/** The type of every integer column here (PostgreSQL's `int8`). */
const INT8 = 20;

/** Parameters of a statement with a name. */
const MOST_PARAMETERS = 500;

export interface PoolOptions {
  readonly connections: number;
  /** Milliseconds until the wait for a connection is given up. */
  readonly connectTimeout: number;
  /** Milliseconds. A database that hangs is an outage after this time, not a wait without end. */
  readonly queryTimeout: number;
  readonly pooling: Pooling;
}

/** PostgreSQL through a pool of connections. */
export function postgresDialect(address: ServerAddress, options: PoolOptions): PostgresDialect {
  const { Pool, types } = pgDriver();
  const pool = new Pool({
    // the pool gives it the settings
    Client: clientOf(address) as unknown as new () => pg.ClientBase,
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the pool waits for it, whatever its types say
    onConnect: address.check,
    max: options.connections,
    ...sessionSettings(options),
    keepAlive: true,
    // times and counters fit a double; the default is a string
    types: {
      getTypeParser: (oid, format) => (Number(oid) === INT8 ? Number : types.getTypeParser(oid, format)) as never,
    },
  });
  // an idle connection that breaks is replaced by the pool; without a listener it would end the process
  pool.on('error', () => undefined);
  return new PostgresDialect({ pool: discardingBroken(pool, address, options) });
}

/** The driver's client, for the server and with the password that are tried at this moment. */
export function clientOf(address: ServerAddress): new (settings: pg.ClientConfig) => pg.Client {
  const { Client } = pgDriver();
  return class extends Client {
    constructor(settings: pg.ClientConfig) {
      const { url, accepted } = address.now;
      super({ ...settings, connectionString: url });
      this.once('connect', accepted);
    }
  };
}

/** What a connection is opened with. A pooler gives it away after each transaction: nothing is set for longer then. */
export function sessionSettings({ connectTimeout, queryTimeout, pooling }: PoolOptions): pg.ClientConfig {
  const settings = {
    connectionTimeoutMillis: connectTimeout,
    query_timeout: queryTimeout,
    application_name: 'onbehalf',
  };
  if (pooling === 'transaction') return settings;
  return {
    ...settings,
    statement_timeout: queryTimeout,
    // a process that hangs in a transaction must not hold its locks
    idle_in_transaction_session_timeout: queryTimeout,
  };
}

/** A connection whose query ran out of time still waits for the answer: it must not go back to the pool. */
function discardingBroken(pool: pg.Pool, address: ServerAddress, { pooling, queryTimeout }: PoolOptions): PostgresPool {
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const broken = new WeakSet<pg.PoolClient>();
  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    if (pooling === 'none') return discardAfterTimeout(client, broken, named);
    const discarding = discardAfterTimeout(client, broken, unnamed);
    return { ...discarding, query: inTransactions(discarding.query.bind(discarding), queryTimeout) };
  };
  // the pool listens to idle connections only; one that breaks in use would end the process. The event comes before the
  // connection is handed out, for what breaks it may arrive together with the word that it is ready
  pool.on('connect', (client) => {
    client.on('error', () => broken.add(client));
    if (pooling === 'transaction') return;
    // whatever the database's default: a statement that has waited for a lock must see what was written meanwhile
    client.query("set default_transaction_isolation to 'read committed'").catch(() => broken.add(client));
  });
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => {
      const client = await address
        .reach(() => pool.connect())
        .catch((error: unknown) => {
          throw new StoreUnavailable(error);
        });
      const known = wrapped.get(client) ?? wrap(client);
      wrapped.set(client, known);
      return known;
    },
  };
}

/** The names of statements by their texts, of which there are as many as the code has. */
const names = new Map<string, string>();
const MOST_NAMES = 1000;

/** A statement with a name is parsed and planned once per connection. Those with many parameters are lists that differ in length. */
function named(text: string, parameters: number): { name?: string } {
  if (parameters > MOST_PARAMETERS) return {};
  const known = names.get(text);
  if (known !== undefined) return { name: known };
  const name = sha256(text);
  if (names.size < MOST_NAMES) names.set(text, name);
  return { name };
}

/** Behind a pooler the next transaction is another connection's, which does not know the name. */
const unnamed: typeof named = () => ({});

function discardAfterTimeout(
  client: pg.PoolClient,
  broken: WeakSet<pg.PoolClient>,
  naming: typeof named,
): PostgresPoolClient {
  const query = async (sql: string, parameters: readonly unknown[]) => {
    const values = [...parameters];
    try {
      if (values.length === 0) return await client.query(sql);
      return await client.query({ ...naming(sql, values.length), text: sql, values });
    } catch (error) {
      // an error of the server leaves the connection sound, unless it keeps it from rolling back, or the server has become one that
      // takes no writes; any other (time-out, broken socket) does not
      if (!isSound(error) || sql === 'rollback') broken.add(client);
      if (isOutdated(error))
        return client.query({ text: sql, values }).catch(() => Promise.reject(new StoreUnavailable(error)));
      throw toStoreError(error);
    }
  };
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy || broken.has(client)),
  };
}

function isSound(error: unknown): boolean {
  return error instanceof pgDriver().DatabaseError && error.code !== READ_ONLY && !isOutdated(error);
}

/** A table has another column since the statement was given its name. Nothing was done; only a transaction is over then. */
function isOutdated(error: unknown): boolean {
  return error instanceof pgDriver().DatabaseError && error.routine === 'RevalidateCachedQuery';
}
