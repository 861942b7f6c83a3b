import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, serverUser, WITH_PARENT } from './server-process.js';

/** The variable that tells a run's files of the server that was started for all of them. */
export const SHARED_SERVER = 'TEST_POSTGRES_URL';

/** Where Debian and Ubuntu keep PostgreSQL, by version. */
const INSTALLED = '/usr/lib/postgresql';
const START_TIMEOUT = 30_000;

export interface PostgresOptions {
  /** Whether a server that is started flushes to disk, for tests of durability and speed; otherwise it is faster. */
  readonly durable?: boolean;
  /** Whether the test needs a server that it can make hang, so that none which is shared will do. */
  readonly own?: boolean;
}

/** A PostgreSQL for a test run. */
export interface TestPostgres {
  /** The address of the server itself. */
  readonly url: string;
  /** The address of an empty database: a schema of its own, which the connection finds first. */
  database(): Promise<string>;
  /** Makes the server hang, as a machine does that is out of reach; absent for a server that was given. */
  readonly hang?: () => void;
  /** Lets it go on. */
  readonly resume?: () => void;
  /** Ends the server at once, as a crash does: every connection is cut, and no further one is taken. */
  readonly crash?: () => Promise<void>;
  /** Starts it again, at the same address and with its data. */
  readonly restart?: () => Promise<void>;
  /** Drops what was made, and stops the server if it was started for the test. */
  stop(): Promise<void>;
}

/**
 * The PostgreSQL that `DATABASE_URL` names, otherwise one of the installed package, started on a free port with its
 * data in a temporary directory. Where there is none, the reason is printed and the caller skips its tests.
 * @throws Error under CI when there is none: there a skipped test would look like a passed one
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres | undefined> {
  const given = options.own ? undefined : givenServer();
  if (given !== undefined) return databasesOn(given, dropAll(given));
  const binaries = findBinaries();
  if (binaries) return startServer(binaries, options);
  const missing = `No PostgreSQL: set DATABASE_URL or install the package "postgresql" (looked in ${INSTALLED})`;
  if (process.env['CI']) throw new Error(missing);
  process.stderr.write(`${missing}; its tests are skipped\n`);
  return undefined;
}

/** One that the developer names, or one that the test run has started for all its files. */
function givenServer(): string | undefined {
  const named = [process.env['DATABASE_URL'], process.env[SHARED_SERVER]];
  return named.find((url) => url?.startsWith('postgres'));
}

function findBinaries(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  const versions = readdirSync(INSTALLED).sort((left, right) => Number(right) - Number(left));
  return versions.map((version) => join(INSTALLED, version, 'bin')).find((path) => existsSync(join(path, 'initdb')));
}

async function startServer(binaries: string, { durable = false }: PostgresOptions): Promise<TestPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'onbehalf-postgres-'));
  const owner = serverUser();
  if (owner) execFileSync('chown', [`${owner.uid}:${owner.gid}`, directory]);
  const data = join(directory, 'data');
  const options = { ...owner, cwd: directory, stdio: 'ignore' } as const;
  execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '-N'], options);
  const port = await freePort();
  const flags = asFlags({
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    max_connections: 200,
    fsync: durable ? 'on' : 'off',
  });
  // a test process that is killed, or ends without a word, takes its server along
  const command = [...WITH_PARENT, join(binaries, 'postgres'), '-D', data, ...flags];
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(command[0] as string, command.slice(1), options);
    await ready(binaries, port, started);
    return started;
  };
  let server = await start();
  const kill = () => void server.kill('SIGQUIT');
  process.once('exit', kill);
  const databases = databasesOn(`postgres://postgres@127.0.0.1:${port}/postgres`, async () => {
    process.removeListener('exit', kill);
    await stopped(server);
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    ...databases,
    hang: () => signal(server, 'SIGSTOP'),
    resume: () => signal(server, 'SIGCONT'),
    crash: () => stopped(server),
    restart: async () => void (server = await start()),
  };
}

function asFlags(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** The server first: it begins backends. */
function signal(server: ChildProcess, name: NodeJS.Signals): void {
  server.kill(name);
  for (const pid of backendsOf(server)) process.kill(pid, name);
}

/** Each of them is a process and leads a session of its own, so that a signal to a group does not reach them. */
function backendsOf({ pid }: ChildProcess): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/);
  return children.filter(Boolean).map(Number);
}

async function ready(binaries: string, port: number, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline && server.exitCode === null) {
    const probe = spawn(join(binaries, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)], {
      stdio: 'ignore',
    });
    const code = await new Promise((resolve) => probe.once('exit', resolve));
    if (code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  server.kill('SIGQUIT');
  throw new Error(`PostgreSQL did not start on port ${port}`);
}

async function stopped(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exit = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGQUIT');
  await exit;
}

/** A schema of its own in place of a whole database, which takes a hundred times as long to make. */
function databasesOn(server: string, stop: (schemas: readonly string[]) => Promise<void>): TestPostgres {
  const created: string[] = [];
  return {
    url: server,
    database: async () => {
      const name = `onbehalf_${randomUUID().replaceAll('-', '')}`;
      await run(server, [`create schema ${name}`]);
      created.push(name);
      const url = new URL(server);
      url.search = `?options=${encodeURIComponent(`-c search_path=${name}`)}`;
      return url.href;
    },
    stop: () => stop(created),
  };
}

/** A server that was given lives on without what the tests have left. */
function dropAll(server: string): (schemas: readonly string[]) => Promise<void> {
  return (schemas) =>
    run(
      server,
      schemas.map((name) => `drop schema if exists ${name} cascade`),
    );
}

async function run(server: string, statements: readonly string[]): Promise<void> {
  // loaded here, so that a test issuer can be had without a database driver
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
