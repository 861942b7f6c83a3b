import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { pgDriver } from './pg-driver.js';
import { sessionSettings, type PoolOptions } from './postgres.js';
import { toStoreError } from './store-unavailable.js';

/** So PgBouncer answers what it does not know, in words that other poolers have taken over. */
const REFUSED_PARAMETER = /unsupported startup parameter.*?: (?<name>\w+)/;

/**
 * Looks whether a pooler is in between that nobody has told of: it would mix up sessions, and statements that are prepared in them.
 * @throws ConfigurationError for one, or when it refuses a parameter of the address
 */
export async function checkPooling(url: string, options: PoolOptions): Promise<void> {
  const { Client } = pgDriver();
  const client = new Client({ connectionString: url, ...sessionSettings(options) });
  // what breaks the connection fails the query too
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (options.pooling === 'none' && (await isPooled(client))) throw untold('a pooler between here and the server');
  } catch (error) {
    const parameter = REFUSED_PARAMETER.exec((error as Error).message)?.groups?.['name'];
    if (parameter === undefined) throw error instanceof ConfigurationError ? error : toStoreError(error);
    if (options.pooling === 'none') throw untold(`a pooler, which refuses ${parameter}`);
    throw new ConfigurationError(
      'DATABASE_URL',
      `…${parameter}…`,
      'an address without parameters that the pooler refuses',
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A pooler cannot tell the process that will work for a connection: it is another one for each transaction. */
async function isPooled(client: InstanceType<ReturnType<typeof pgDriver>['Client']>): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid !== (client as unknown as { processID: number }).processID;
}

function untold(found: string): ConfigurationError {
  return new ConfigurationError('DATABASE_POOLING', `none`, `transaction, because DATABASE_URL leads to ${found}`);
}
