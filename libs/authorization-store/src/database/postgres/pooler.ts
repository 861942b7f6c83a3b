import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type pg from 'pg';
import { clientOf, sessionSettings, type PoolOptions } from './postgres.js';
import type { ServerAddress } from './server-address.js';
import { toStoreError } from './store-unavailable.js';

/** So PgBouncer answers what it does not know, in words that other poolers have taken over. */
const REFUSED_PARAMETER = /unsupported startup parameter.*?: (?<name>\w+)/;

/** SQLSTATE of a login that no further try makes succeed: PostgreSQL, appendix A, class 28, and a database that does not exist. */
const REFUSED_LOGIN = /^(28|3D)/;
/** So the driver says that the server asks for a password and the address has none, without a code. */
const NO_PASSWORD = /password must be a (non-empty )?string/;

/**
 * Looks whether a pooler is in between that nobody has told of: it would mix up sessions, and statements that are prepared in them.
 * @param shown the address as it may be told
 * @throws ConfigurationError for one, when it refuses a parameter of the address, or the server its user, password or database
 */
export async function checkPooling(address: ServerAddress, shown: string, options: PoolOptions): Promise<void> {
  try {
    const isPooled = await address.reach(() => ask(address, options));
    if (options.pooling === 'none' && isPooled) throw untold('a pooler between here and the server');
  } catch (error) {
    if (isRefusedLogin(error as NodeJS.ErrnoException)) {
      const accepted = `a user, password and database that the server knows (${(error as Error).message})`;
      throw new ConfigurationError('DATABASE_URL', shown, accepted);
    }
    const parameter = REFUSED_PARAMETER.exec((error as Error).message)?.groups?.['name'];
    if (parameter === undefined) throw error instanceof ConfigurationError ? error : toStoreError(error);
    if (options.pooling === 'none') throw untold(`a pooler, which refuses ${parameter}`);
    throw new ConfigurationError(
      'DATABASE_URL',
      `…${parameter}…`,
      'an address without parameters that the pooler refuses',
    );
  }
}

/** Connects, and tells whether a pooler is in between. */
async function ask(address: ServerAddress, options: PoolOptions): Promise<boolean> {
  const client = new (clientOf(address))(sessionSettings(options));
  // what breaks the connection fails the query too
  client.on('error', () => undefined);
  try {
    await client.connect();
    await address.check(client);
    return await isPooled(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function isRefusedLogin({ code = '', message }: NodeJS.ErrnoException): boolean {
  return REFUSED_LOGIN.test(code) || NO_PASSWORD.test(message);
}

/** A pooler cannot tell the process that will work for a connection: it is another one for each transaction. */
async function isPooled(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid !== (client as unknown as { processID: number }).processID;
}

function untold(found: string): ConfigurationError {
  return new ConfigurationError('DATABASE_POOLING', `none`, `transaction, because DATABASE_URL leads to ${found}`);
}
