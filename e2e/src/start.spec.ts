import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { startPostgres } from '@onbehalf/testing-internal';
import { Client } from 'pg';
import { APPS, DEMO, RunningApp, System } from '../../tools/system.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A file of something else. */
const noDatabase = join(mkdtempSync(join(tmpdir(), 'start-')), 'notes.txt');
writeFileSync(noDatabase, 'bread, butter, and more than a page of it. '.repeat(200));

async function occupied(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** `npm start` as a user runs it, on other ports. */
function npmStart(ports: Readonly<Record<string, number>>): { process: ChildProcess; output: () => string } {
  const settings = Object.fromEntries(
    Object.entries(ports).map(([app, port]) => [`${app.toUpperCase().replaceAll('-', '_')}_PORT`, String(port)]),
  );
  const child = spawn('npm', ['start', '--silent'], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: 'sqlite::memory:', ...settings },
    detached: true,
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { process: child, output: () => text };
}

describe('npm start', () => {
  it('prints app, address and health of each process and the demo user, and Ctrl-C stops them cleanly', async () => {
    const { ports } = await System.onFreePorts();
    const started = npmStart(ports);
    while (!started.output().includes('Ctrl-C stops everything')) {
      if (started.process.exitCode !== null) throw new Error(started.output());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const app of DEMO) {
      expect(started.output()).toMatch(
        new RegExp(`${app} +http://localhost:${ports[app]} +http://localhost:${ports[app]}/health/ready`),
      );
      expect((await fetch(`http://localhost:${ports[app]}/health/ready`)).status).toBe(200);
    }
    expect(started.output()).toContain('baeldung / password');
    // Ctrl-C reaches the whole process group
    process.kill(-started.process.pid!, 'SIGINT');
    await once(started.process, 'exit');
    expect(started.output()).toContain('All apps have stopped.');
    expect(started.output()).not.toMatch(/Error|stopping the others/);
    for (const app of DEMO) await expect(fetch(`http://localhost:${ports[app]}/health/live`)).rejects.toThrow();
  }, 120_000);

  it('names the app, the port and the variable when a port is in use', async () => {
    const { server, port } = await occupied();
    const { ports } = await System.onFreePorts();
    const started = npmStart({ ...ports, 'user-service': port });
    const [code] = (await once(started.process, 'close')) as [number];
    server.close();
    expect([code, started.output().trim()]).toEqual([
      1,
      `user-service: port ${port} is in use; set USER_SERVICE_PORT to another one`,
    ]);
  }, 60_000);
});

describe('an app that cannot start', () => {
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  it.each(APPS)('%s says in one line that its port is in use', async (name) => {
    const { server, port } = await occupied();
    servers.push(server);
    const app = new RunningApp(name, port, {});
    expect(await app.exit).toBe(1);
    expect(app.lines).toEqual([`${name}: port ${port} is in use; set PORT to another one`]);
  });

  it('auth-server names the setting of the port that is in use, and one that is named twice', async () => {
    const [{ server, port }, free] = [await occupied(), await System.onFreePorts()];
    servers.push(server);
    const own = free.ports['auth-server'];
    const start = (settings: Record<string, string>) => new RunningApp('auth-server', own, settings);
    const apps = [start({ ADMIN_PORT: String(port) }), start({ METRICS_PORT: String(own) })];
    expect(await Promise.all(apps.map((app) => app.exit))).toEqual([1, 1]);
    expect(apps.map((app) => app.lines)).toEqual([
      [`auth-server: port ${port} is in use; set ADMIN_PORT to another one`],
      [`auth-server: METRICS_PORT is ${own}; accepted: another port than PORT`],
    ]);
  });

  it.each<[(typeof APPS)[number], Record<string, string>, string]>([
    ...[
      'localhost',
      'http://localhost:9001#a',
      'https://as.example/path',
      'https://as.example/',
      'https://as.example?a',
    ].map((ISSUER): ['auth-server', Record<string, string>, string] => [
      'auth-server',
      { ISSUER },
      `ISSUER is "${ISSUER}"; accepted: an http or https URL of scheme, host and port alone, such as https://login.example`,
    ]),
    [
      'auth-server',
      { AUTH_SERVER_CONFIG: '/no/such.yaml' },
      'AUTH_SERVER_CONFIG is "/no/such.yaml"; accepted: a readable YAML or JSON file (ENOENT)',
    ],
    [
      'auth-server',
      { LOG_LEVEL: 'loud' },
      'LOG_LEVEL is "loud"; accepted: one of fatal, error, warn, info, debug, trace, silent',
    ],
    [
      'auth-server',
      { CLIENT_CERTIFICATE_HEADER: 'client-cert' },
      'CLIENT_CERTIFICATE_HEADER is "client-cert"; accepted: a header only together with TRUSTED_PROXIES',
    ],
    [
      'auth-server',
      { ISSUER: 'https://as.example', DATABASE_URL: 'postgres://onbehalf:onbehalf@db/onbehalf' },
      'DATABASE_URL is "postgres://…@db/onbehalf"; accepted: secrets of your own: this one ships with the project, and ISSUER is elsewhere',
    ],
    [
      'auth-server',
      { ISSUER: 'https://as.example', ENCRYPTION_KEYS: 'ZGVtby1rZXktb2YtMzItYnl0ZXMtbm90LXNlY3JldCE=' },
      'ENCRYPTION_KEYS is "(not shown)"; accepted: secrets of your own: this one ships with the project, and ISSUER is elsewhere',
    ],
    [
      'auth-server',
      { DATABASE_URL: 'postgres://somebody:%zz@127.0.0.1/onbehalf' },
      'DATABASE_URL is "postgres:…"; accepted: sqlite::memory:, sqlite:<path of a file> or postgres://user:password@host:port/database',
    ],
    [
      'auth-server',
      { DATABASE_URL: 'postgres://somebody@127.0.0.1:1/onbehalf', ENCRYPTION_KEYS: randomBytes(32).toString('base64') },
      'DATABASE_URL is "postgres://…@127.0.0.1:1/onbehalf"; accepted: the address of a database that can be opened (The database is not available: connect ECONNREFUSED 127.0.0.1:1)',
    ],
    [
      'auth-server',
      { DATABASE_URL: 'postgres://nohost.invalid/onbehalf', ENCRYPTION_KEYS: randomBytes(32).toString('base64') },
      'DATABASE_URL is "postgres://nohost.invalid/onbehalf"; accepted: the address of a database that can be opened (The database is not available: getaddrinfo ENOTFOUND nohost.invalid)',
    ],
    [
      'auth-server',
      { DATABASE_URL: `sqlite:${noDatabase}` },
      `DATABASE_URL is "sqlite:${noDatabase}"; accepted: the address of a database that can be opened (file is not a database)`,
    ],
    [
      'auth-server',
      { DATABASE_URL: `sqlite:${noDatabase}/below.db` },
      `DATABASE_URL is "sqlite:${noDatabase}/below.db"; accepted: the address of a database that can be opened (ENOTDIR: not a directory, open '${noDatabase}/below.db.key')`,
    ],
    ...(['client-app', 'user-service', 'message-service'] as const).map(
      (name): [typeof name, Record<string, string>, string] => [
        name,
        { ISSUER: 'https://as.example', CLIENT_SECRET: `${name}-secret` },
        'CLIENT_SECRET is "(not shown)"; accepted: the secret of this client, and none that ships with the project unless ISSUER is on localhost',
      ],
    ),
    [
      'user-service',
      { ISSUER: 'localhost' },
      'ISSUER is "localhost"; accepted: an absolute http or https URL without credentials, query or fragment',
    ],
    ['message-service', { PORT: 'eighty' }, 'PORT is "eighty"; accepted: a port, a whole number from 0 to 65535'],
  ])('%s with %j says what is accepted, in one line', async (name, settings, line) => {
    const app = new RunningApp(name, Number.NaN, { PORT: '0', ...settings });
    expect(await app.exit).toBe(1);
    expect(app.lines).toEqual([`${name}: ${line}`]);
  });

  it('auth-server tells every default that was forgotten for an issuer elsewhere, a line each', async () => {
    const app = new RunningApp('auth-server', Number.NaN, { PORT: '0', ISSUER: 'https://as.example' });
    expect(await app.exit).toBe(1);
    expect(app.lines).toContainEqual(
      expect.stringMatching(
        /^auth-server: USER_SERVICE_RESOURCE is missing; accepted: a value for https:\/\/as\.example, because auth-server\.yaml:\d+: resources\[0\]\.resource would be the one of the demo$/,
      ),
    );
    expect(app.lines.length).toBeGreaterThan(5);
    for (const line of app.lines)
      expect(line).toMatch(/^auth-server: (\w+ is missing;|auth-server\.yaml:\d+: \S+ is) /);
  });
});

const postgres = await startPostgres({ own: true });

(postgres ? describe : describe.skip)('auth-server that PostgreSQL does not let in', () => {
  afterAll(() => postgres?.stop());

  const password = randomBytes(16).toString('hex');

  async function requirePasswordOf(user: string): Promise<void> {
    const client = new Client({ connectionString: postgres!.url });
    await client.connect();
    const { rows } = await client.query<{ hba_file: string }>('show hba_file');
    const file = rows[0]!.hba_file;
    await client.query(`create role ${user} login password '${password}'`);
    writeFileSync(file, `host all ${user} 127.0.0.1/32 scram-sha-256\n${readFileSync(file, 'utf8')}`);
    await client.query('select pg_reload_conf()');
    await client.end();
  }

  it.each<[string, Partial<URL>, string, string]>([
    ['a wrong password', { password: 'wrong-one' }, 'guarded:…@', 'password authentication failed for user "guarded"'],
    ['no password', { password: '' }, 'guarded@', 'password'],
    ['an unknown user', { username: 'nobody', password }, 'nobody:…@', 'role "nobody" does not exist'],
    ['an unknown database', { password, pathname: '/nowhere' }, 'guarded:…@', 'database "nowhere" does not exist'],
  ])('says in one line that it has %s', async (title, parts, shownUser, reason) => {
    if (title === 'a wrong password') await requirePasswordOf('guarded');
    const address = Object.assign(new URL(postgres!.url), { username: 'guarded', ...parts });
    const ENCRYPTION_KEYS = randomBytes(32).toString('base64');
    const settings = { PORT: '0', DATABASE_URL: address.href, ENCRYPTION_KEYS };
    const server = new RunningApp('auth-server', Number.NaN, settings);
    expect(await server.exit).toBe(1);
    expect(server.lines).toEqual([
      expect.stringMatching(/^auth-server: DATABASE_URL is "postgres.*"; accepted: a user, password and database /),
    ]);
    expect(server.lines[0]).toContain(`//${shownUser}127.0.0.1:${address.port}${address.pathname}"`);
    expect(server.lines[0]).toContain(reason);
    for (const secret of [password, 'wrong-one']) expect(server.lines[0]).not.toContain(secret);
  });
});
