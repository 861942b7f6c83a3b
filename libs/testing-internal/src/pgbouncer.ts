import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, serverUser, WITH_PARENT } from './server-process.js';

/** Where Debian and Ubuntu install it. */
const INSTALLED = '/usr/sbin/pgbouncer';
const START_TIMEOUT = 10_000;

export interface PgBouncerOptions {
  /** Connections to the server for each database; few, so that those of a test have to share. */
  readonly connections?: number;
  /** Parameters of a connection's start that it passes over, `ignore_startup_parameters`; it refuses them unless told. */
  readonly ignoring?: readonly string[];
}

/** A PgBouncer in transaction mode, before a PostgreSQL. */
export interface TestPgBouncer {
  /** The address of a new, empty database through it, and its address at the server. */
  database(): Promise<{ readonly pooled: string; readonly direct: string }>;
  /** Stops it and drops the databases. */
  stop(): Promise<void>;
}

/**
 * Starts the installed PgBouncer on a free port. Where there is none, the reason is printed and the caller skips its tests.
 * @param server the address of a PostgreSQL at which databases can be made
 * @throws Error under CI when there is none
 */
export async function startPgBouncer(
  server: string,
  { connections = 3, ignoring = [] }: PgBouncerOptions = {},
): Promise<TestPgBouncer | undefined> {
  if (!existsSync(INSTALLED)) {
    const missing = `No PgBouncer: install the package "pgbouncer" (looked for ${INSTALLED})`;
    if (process.env['CI']) throw new Error(missing);
    process.stderr.write(`${missing}; its tests are skipped\n`);
    return undefined;
  }
  const port = await freePort();
  const directory = writeSettings(new URL(server), {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: connections,
    ignore_startup_parameters: ignoring.join(','),
  });
  const command = [...WITH_PARENT, INSTALLED, '-q', join(directory, 'pgbouncer.ini')];
  const bouncer = spawn(command[0] as string, command.slice(1), { ...serverUser(), cwd: directory, stdio: 'ignore' });
  await listening(port, bouncer);
  const made: string[] = [];
  return {
    database: async () => {
      const name = `onbehalf_${randomUUID().replaceAll('-', '')}`;
      await execute(server, `create database ${name}`);
      made.push(name);
      const direct = new URL(server);
      direct.pathname = `/${name}`;
      return { direct: direct.href, pooled: `postgres://pooled@127.0.0.1:${port}/${name}` };
    },
    stop: async () => {
      await stopped(bouncer);
      for (const name of made) await execute(server, `drop database ${name} with (force)`);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Whoever comes works as the user of the server's address. */
function writeSettings({ hostname, port, username, password }: URL, settings: object): string {
  const directory = mkdtempSync(join(tmpdir(), 'onbehalf-pgbouncer-'));
  const target = { host: hostname, port: port || '5432', user: username, password: decodeURIComponent(password) };
  const words = Object.entries(target).filter(([, value]) => value !== '');
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const text = ['[databases]', `* = ${words.map((word) => word.join('=')).join(' ')}`, '[pgbouncer]', ...lines, ''];
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(file, text.join('\n'));
  const owner = serverUser();
  if (owner) execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, directory]);
  return directory;
}

async function listening(port: number, bouncer: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline && bouncer.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const answered = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  bouncer.kill('SIGQUIT');
  throw new Error(`PgBouncer did not start on port ${port}`);
}

async function stopped(bouncer: ChildProcess): Promise<void> {
  if (bouncer.exitCode !== null) return;
  const exit = new Promise((resolve) => bouncer.once('exit', resolve));
  bouncer.kill('SIGQUIT');
  await exit;
}

async function execute(server: string, statement: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
