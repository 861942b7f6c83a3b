import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { sql, type Kysely } from 'kysely';
import { passwordIn } from '../database/address/postgres-url.js';
import type { Schema } from '../database/schema/schema.js';
import { withLibpqAddress } from './libpq-address.js';

/** Where the tables are unless somebody says otherwise: everything else that is in such a database belongs to it. */
const DEFAULT_SCHEMA = 'public';

/**
 * Dumps a database of PostgreSQL in the format of `pg_restore`, as it is at one moment. Owners and rights are left out: whoever
 * restores it owns it.
 * @param database of the address, to ask what is dumped
 * @param to an empty file
 * @throws ConfigurationError when there is no `pg_dump`, or it is older than the server
 * @throws Error with what `pg_dump` says
 */
export async function dumpPostgres(
  database: Kysely<Schema>,
  url: string,
  to: string,
  password = passwordIn(url),
): Promise<void> {
  const { schema, major } = await describe(database);
  await checkProgram(major);
  const which = schema === DEFAULT_SCHEMA ? [] : [`--schema=${schema}`];
  const flags = ['--format=custom', '--no-owner', '--no-privileges', '--no-password', ...which];
  const { code, errors } = await withLibpqAddress(url, (address) =>
    run([...flags, `--file=${to}`, `--dbname=${address}`], password),
  );
  if (code !== 0) throw new Error(`pg_dump failed: ${errors.trim().split('\n', 1)[0]}`);
}

async function describe(database: Kysely<Schema>): Promise<{ schema: string; major: number }> {
  const { rows } = await sql<{ schema: string; major: number }>`
    select current_schema() as schema, current_setting('server_version_num')::int / 10000 as major`.execute(database);
  return rows[0]!;
}

async function checkProgram(server: number): Promise<void> {
  const accepted = `pg_dump of PostgreSQL ${server} or newer, as the server, in a folder of PATH`;
  const { output } = await run(['--version']).catch(() => {
    throw new ConfigurationError('pg_dump', undefined, accepted);
  });
  const own = /\b(\d+)(?:\.\d+)?/.exec(output)?.[1];
  if (own === undefined || Number(own) < server) throw new ConfigurationError('pg_dump', output.trim(), accepted);
}

/** Other users of the machine can read the arguments of a process, but not its environment. */
async function run(args: readonly string[], password?: string) {
  const env = { ...process.env, ...(password === undefined ? {} : { PGPASSWORD: password }) };
  const child = spawn('pg_dump', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output, errors };
}
