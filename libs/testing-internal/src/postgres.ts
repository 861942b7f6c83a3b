import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crashed, findBinaries, INSTALLED, PostgresFolder } from './postgres-process.js';
import { freePort } from './server-process.js';
import { createTestAuthority } from './test-certificate.js';

/** The variable that tells a run's files of the server that was started for all of them. */
export const SHARED_SERVER = 'TEST_POSTGRES_URL';

/** A role that a server which was started lets in with its password only, once a test has made it. */
export const WITH_PASSWORD = 'with_password';

export interface PostgresOptions {
  /** Whether a server that is started flushes to disk, for tests of durability and speed; otherwise it is faster. */
  readonly durable?: boolean;
  /** Whether the test needs a server that it can make hang, so that none which is shared will do. */
  readonly own?: boolean;
  /** Whether it takes encrypted connections alone, with a certificate for 127.0.0.1 of an authority of its own; for an own one. */
  readonly encrypted?: boolean;
}

/** A PostgreSQL for a test run. */
export interface TestPostgres {
  /** The address of the server itself. */
  readonly url: string;
  /** The file with the certificate of its authority, where it is encrypted. */
  readonly authority?: string;
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
  /** Starts another server that follows this one. */
  readonly standby?: () => Promise<TestStandby>;
  /** Drops what was made, and stops the server if it was started for the test. */
  stop(): Promise<void>;
}

/** A server that follows another one, and takes no writes until it is promoted. */
export interface TestStandby {
  readonly url: string;
  promote(): Promise<void>;
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

async function startServer(
  binaries: string,
  { durable = false, encrypted = false }: PostgresOptions,
): Promise<TestPostgres> {
  const folder = new PostgresFolder(binaries);
  folder.run('initdb', '-D', folder.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '-N');
  const trusting = readFileSync(join(folder.data, 'pg_hba.conf'), 'utf8');
  const access = `host all ${WITH_PASSWORD} all scram-sha-256\n${trusting}`;
  writeFileSync(join(folder.data, 'pg_hba.conf'), encrypted ? access.replaceAll(/^host /gm, 'hostssl ') : access);
  const port = await freePort();
  const { authority, settings } = encrypted ? encryption(folder) : {};
  const start = (): Promise<ChildProcess> => folder.start(port, { fsync: durable ? 'on' : 'off', ...settings });
  let server = await start();
  const kill = () => void server.kill('SIGQUIT');
  process.once('exit', kill);
  const query = authority === undefined ? '' : `?sslmode=verify-full&sslrootcert=${encodeURIComponent(authority)}`;
  const url = `postgres://postgres@127.0.0.1:${port}/postgres${query}`;
  const databases = databasesOn(url, async () => {
    process.removeListener('exit', kill);
    await crashed(server);
    rmSync(folder.directory, { recursive: true, force: true });
  });
  return {
    ...databases,
    ...(authority !== undefined && { authority }),
    hang: () => signal(server, 'SIGSTOP'),
    resume: () => signal(server, 'SIGCONT'),
    crash: () => crashed(server),
    restart: async () => void (server = await start()),
    standby: () => startStandby(binaries, url),
  };
}

/** Settings of a server with a certificate, and the file of the authority that it is from. */
function encryption(folder: PostgresFolder) {
  const authority = createTestAuthority('authority of a test');
  const server = authority.issue('127.0.0.1');
  const settings = {
    ssl: 'on',
    ssl_cert_file: folder.write('server.crt', server.certificate),
    ssl_key_file: folder.write('server.key', server.privateKey),
  };
  return { authority: folder.write('authority.crt', authority.certificate), settings };
}

/** A copy of the server that follows it, until it is promoted. */
async function startStandby(binaries: string, primary: string): Promise<TestStandby> {
  const folder = new PostgresFolder(binaries);
  folder.run('pg_basebackup', '-D', folder.data, '-d', primary, '-R', '-X', 'stream', '-c', 'fast');
  const port = await freePort();
  const server = await folder.start(port, { fsync: 'off' });
  const kill = () => void server.kill('SIGQUIT');
  process.once('exit', kill);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return {
    url,
    promote: () => run(url, ['select pg_promote()']),
    stop: async () => {
      process.removeListener('exit', kill);
      await crashed(server);
      rmSync(folder.directory, { recursive: true, force: true });
    },
  };
}

/** The server first: it begins backends. */
function signal(server: ChildProcess, name: NodeJS.Signals): void {
  server.kill(name);
  for (const pid of backendsOf(server)) killed(pid, name);
}

function killed(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // one that ends by itself at this moment
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Each of them is a process and leads a session of its own, so that a signal to a group does not reach them. */
function backendsOf({ pid }: ChildProcess): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/);
  return children.filter(Boolean).map(Number);
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
      const own = `options=${encodeURIComponent(`-c search_path=${name}`)}`;
      url.search = url.search === '' ? own : `${url.search}&${own}`;
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
