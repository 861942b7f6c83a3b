import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { together } from './together.js';
import { exchangeOwnToken } from './user-service-client.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const app = join(root, 'apps/auth-server');

// each is a process of its own, and some tests start several
jest.setTimeout(60_000);
/** Processes. */
const AT_ONCE = 3;

const scratch = mkdtempSync(join(tmpdir(), 'commands-'));
const ENCRYPTION_KEYS = randomBytes(32).toString('base64');

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

async function run(
  command: string,
  args: readonly string[],
  { env = {}, input = '', cwd = app }: { env?: Record<string, string>; input?: string; cwd?: string } = {},
): Promise<Ended> {
  const child = spawn(command, args, { cwd, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env } });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, output, errors };
}

/** The scripts of the app, as Nx runs them: `audit-verify` is `node dist/commands/store.js audit-verify`. */
const { scripts, nx } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  nx: { targets: Record<string, { dependsOn?: string[] }> };
};
const commands = Object.keys(scripts).filter((name) => scripts[name]?.includes('dist/commands/'));

function command(name: string, args: readonly string[] = [], options: Parameters<typeof run>[2] = {}): Promise<Ended> {
  const [, ...script] = scripts[name]!.split(' ');
  return run(process.execPath, [...script, ...args], options);
}

describe('the commands of auth-server', () => {
  it('are built before they run, whoever starts them with Nx', () => {
    expect(commands.length).toBeGreaterThan(10);
    for (const name of commands) expect([name, nx.targets[name]?.dependsOn]).toEqual([name, ['build']]);
  });

  together(
    commands.map((name) => [
      `${name} tells with --help what it does, and does nothing`,
      async () => {
        const env = { DATABASE_URL: 'sqlite:none/there.db' };
        const { code, output, errors } = await command(name, ['--help'], { env });
        expect([code, errors]).toEqual([0, '']);
        expect(output.split('\n', 1)[0]).toMatch(/^[A-Z].*\.$/);
        expect(output).toContain(name === 'explain' ? 'onbehalf-explain <audience>' : `  ${name}`);
      },
    ]),
    AT_ONCE,
  );

  const absent = `sqlite:${scratch}/absent.db`;
  const migrated = `sqlite:${scratch}/migrated.db`;
  beforeAll(() => command('migrate', [], { env: { DATABASE_URL: migrated } }));

  const refused: readonly [string, string, string[], Record<string, string>, string][] = [
    [
      'audit-verify',
      'an option that it does not know',
      ['--frobnicate'],
      {},
      'the argument is "--frobnicate"; accepted: none',
    ],
    ['audit-verify', 'a word that it does not know', ['now'], {}, 'the argument is "now"; accepted: none'],
    [
      'reencrypt',
      'an option of another command',
      ['--out', 'file'],
      {},
      'the argument is "--out file"; accepted: none',
    ],
    [
      'rotate-keys',
      'half a command',
      ['remove'],
      {},
      'the argument is "remove"; accepted: nothing, list, or remove <kid>',
    ],
    ['rotate-keys', 'the id of no key', ['remove', '-Yx'], { DATABASE_URL: migrated }, 'The signing key -Yx does not'],
    ['rotate-keys', 'it after --', ['remove', '--', '-Yx'], { DATABASE_URL: migrated }, 'The signing key -Yx does not'],
    ['audit-verify', 'a database that is not there', [], { DATABASE_URL: absent }, `DATABASE_URL is "${absent}"`],
    ['rotate-keys', 'a database that is not there', ['list'], { DATABASE_URL: absent }, `DATABASE_URL is "${absent}"`],
    [
      'migrate',
      'another kind of database',
      [],
      { DATABASE_URL: 'mysql://user:hidden-password@db/x' },
      'DATABASE_URL is "mysql:…"',
    ],
    [
      'migrate',
      'a database that does not answer',
      [],
      { DATABASE_URL: 'postgres://127.0.0.1:1/x' },
      'The database is not available: connect ECONNREFUSED',
    ],
    ['reencrypt', 'a key that is none', [], { ENCRYPTION_KEYS: 'secret' }, 'ENCRYPTION_KEYS is "a key of '],
    [
      'rotate-keys',
      'a file that is not there',
      [],
      { AUTH_SERVER_CONFIG: '/none.yaml', DATABASE_URL: 'sqlite::memory:' },
      'AUTH_SERVER_CONFIG is "/none.yaml"',
    ],
    ['explain', 'an audience that is not there', ['nobody'], {}, '<audience> is "nobody"; accepted: '],
    ['hash-password', 'no password', [], {}, 'the password is empty'],
    ['registrations', 'half a command', ['disable', 'client'], {}, 'the argument is "disable client"; accepted: diff,'],
    [
      'registrations',
      'a client that is not there',
      ['disable', 'client', 'nobody'],
      { DATABASE_URL: migrated },
      'nothing is registered under this id',
    ],
    [
      'registrations',
      'an overlap that is none',
      ['rotate-secret', 'operator', '--overlap', 'soon'],
      { DATABASE_URL: migrated },
      '--overlap is "soon"; accepted: whole seconds',
    ],
    ['backup', 'no file', [], { DATABASE_URL: migrated }, '--out is missing; accepted: the file that the backup is'],
    ['backup', 'a database that is not there', ['--out', `${scratch}/x`], { DATABASE_URL: absent }, 'DATABASE_URL is'],
    [
      'backup',
      'a file beside the key',
      ['--out', `${scratch}/beside.db`],
      { DATABASE_URL: migrated },
      `the file of the backup is "${scratch}/beside.db"; accepted: a file in another folder than the key`,
    ],
    ['restore-check', 'two files', ['a', 'b'], {}, 'the argument is "b"; accepted: one file'],
    ['restore-check', 'a file that is not there', ['/none.db'], { ENCRYPTION_KEYS }, 'the copy is "/none.db"'],
    ['move-to-postgres', 'no file', [], {}, '--from is missing; accepted: the SQLite file that is moved'],
    ['move-to-postgres', 'SQLite as the target', ['--from', '/x.db'], { DATABASE_URL: migrated }, 'DATABASE_URL is'],
    ['check-config', 'two files', ['a', 'b'], {}, 'one file or folder; see --help'],
    ['config-schema', 'an option that it does not know', ['--frobnicate'], {}, "Unknown option '--frobnicate'"],
  ];
  together(
    refused.map(([name, mistake, args, env, message]) => [
      `${name} answers ${mistake} with one line and exit code 2`,
      async () => {
        const { code, output, errors } = await command(name, args, {
          env: { DATABASE_URL: 'sqlite::memory:', ...env },
        });
        expect([code, output]).toEqual([2, '']);
        expect(errors).toMatch(/^[\w-]+: [^\n]+\n$/);
        expect(errors).toContain(`${name}: ${message}`);
        expect(errors).not.toContain('hidden-password');
      },
    ]),
    AT_ONCE,
  );

  it('audit-verify runs through Nx, as an operator starts it', async () => {
    const nx = join(root, 'node_modules/.bin/nx');
    const { code, output } = await run(nx, ['run', 'auth-server:audit-verify'], {
      cwd: root,
      env: { DATABASE_URL: migrated, NX_TUI: 'false' },
    });
    expect(output).toMatch(/the audit trail is whole: \d+ records of \d+ writers/);
    expect(code).toBe(0);
  }, 120_000);

  it('several wrong settings are a line each', async () => {
    const { code, errors } = await command('migrate', [], { env: { KEY_SIGN_FOR: 'soon', NONCE_SECRET: 'short' } });
    expect(code).toBe(2);
    expect(errors.trim().split('\n').sort()).toEqual([
      expect.stringMatching(/^migrate: KEY_SIGN_FOR is "soon"/),
      expect.stringMatching(/^migrate: NONCE_SECRET is "\(not shown\)"/),
    ]);
  });

  it('hash-password prints the hash of what is piped in, another one each time', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => command('hash-password', [], { input: 'päss word\n' })));
    expect(one?.output).toMatch(/^scrypt\$\S+\n$/);
    expect(two?.output).not.toBe(one?.output);
  });

  it('hash-password takes a password without a final newline, and one with that of Windows', async () => {
    for (const input of ['päss word', 'päss word\r\n']) {
      expect((await command('hash-password', [], { input })).output).toMatch(/^scrypt\$\S+\n$/);
    }
  });

  it('check-config takes the file of the demo, and one whose secrets are elsewhere, and tells all mistakes with their lines', async () => {
    const file = join(scratch, 'checked.yaml');
    const client = '- { clientId: shop, secret: "${SHOP_SECRET}", grantTypes: [client_credentials]';
    writeFileSync(file, `clients:\n  ${client} }\n`);
    expect((await command('check-config', [file])).code).toBe(0);
    writeFileSync(file, `clients:\n  ${client}, defaultTarget: nowhere }\n  ${client} }\n`);
    expect(await command('check-config', [file])).toEqual({
      code: 1,
      output: '',
      errors:
        'check-config: checked.yaml:3: clients[1].clientId is "shop"; accepted: a value that no other entry has; checked.yaml:2: clients[0].clientId has it\n' +
        'check-config: checked.yaml:2: clients[0].defaultTarget is "nowhere"; accepted: nothing is registered\n',
    });
    expect(await command('check-config')).toMatchObject({ code: 0, errors: '' });
    const elsewhere = await command('check-config', ['--issuer', 'https://as.example']);
    expect([elsewhere.code, elsewhere.errors]).toEqual([1, expect.stringContaining('CLIENT_APP_SECRET is missing')]);
    expect(elsewhere.errors).not.toMatch(/^check-config: ISSUER /m);
  });

  it('check-config writes out a folder as one file, without a secret of the file or the environment', async () => {
    const folder = mkdtempSync(join(scratch, 'folder-'));
    const [own, byDefault, given] = [randomUUID(), randomUUID(), randomUUID()];
    const grants = 'grantTypes: [client_credentials]';
    writeFileSync(
      join(folder, 'a.yaml'),
      `defaults: { clients: { ${grants} } }\nclients: [{ clientId: a, secret: ${own} }]\n`,
    );
    writeFileSync(join(folder, 'b.yaml'), `clients: [{ clientId: b, secret: '\${GIVEN:-${byDefault}}' }]\n`);
    const { code, output } = await command('check-config', [folder, '--print'], { env: { GIVEN: given } });
    expect([code, output.match(new RegExp([own, byDefault, given].join('|')))]).toEqual([0, null]);
    const client = (id: string, secret: string) =>
      `  - clientId: ${id}\n    secret: ${secret}\n    grantTypes:\n      - client_credentials\n`;
    expect(output).toBe(`clients:\n${client('a', '(hidden)')}${client('b', '${GIVEN}')}`);
  });

  it('config-schema prints the schema that stands in the repository', async () => {
    const { output } = await command('config-schema');
    expect(JSON.parse(output)).toEqual(JSON.parse(readFileSync(join(app, 'auth-server.schema.json'), 'utf8')));
  });
});

const databases = await testDatabases();

describe.each(databases)('the commands of auth-server on $name', (kind) => {
  let env: Record<string, string>;
  let kid: string;

  beforeAll(async () => {
    const DATABASE_URL = kind.name === 'SQLite' ? `sqlite:${scratch}/store.db` : await kind.database();
    env = { DATABASE_URL, ENCRYPTION_KEYS };
    expect(await command('migrate', [], { env })).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^applied 0001/),
    });
    const system = await (await System.onFreePorts(env)).up('auth-server');
    expect(await exchangeOwnToken(system.url('auth-server'), 3)).toEqual(Array(3).fill(200));
    await system.down();
  }, 60_000);
  afterAll(() => kind.stop());

  it('migrate has nothing left to do', async () => {
    expect(await command('migrate', [], { env })).toEqual({
      code: 0,
      output: 'the schema is up to date\n',
      errors: '',
    });
  });

  it('audit-verify finds the trail whole', async () => {
    expect(await command('audit-verify', [], { env })).toEqual({
      code: 0,
      output: expect.stringMatching(/^the audit trail is whole: \d+ records of 1 writers\n$/),
      errors: '',
    });
  });

  it('audit-export writes JSON Lines, to the standard output or to a file', async () => {
    const { code, output } = await command('audit-export', [], { env });
    const outcomes = (text: string): unknown[] =>
      text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { event: { type: string; outcome?: string } }).event)
        .flatMap(({ type, outcome }) => (type === 'token_exchange' ? [outcome] : []));
    expect([code, outcomes(output)]).toEqual([0, ['issued', 'issued', 'issued']]);
    const file = join(scratch, `${kind.name}.jsonl`);
    const told = { code: 0, output: `${output.trim().split('\n').length} records are in ${file}\n`, errors: '' };
    expect(await command('audit-export', ['--out', file], { env })).toEqual(told);
    expect(readFileSync(file, 'utf8')).toBe(output);
    const again = await command('audit-export', ['--out', file], { env });
    expect(again).toMatchObject({
      code: 2,
      errors: `audit-export: --out is ${JSON.stringify(file)}; accepted: a file that is not there yet\n`,
    });
  });

  it('registrations rotates the secret of an operator, and tells where the file does not count any more', async () => {
    expect(await command('registrations', ['diff'], { env })).toMatchObject({ code: 0, errors: '' });
    const rotated = await command('registrations', ['rotate-secret', 'operator', '--overlap', '60'], { env });
    expect(rotated).toMatchObject({ code: 0, output: expect.stringMatching(/^[\w-]{43}\n$/) });
    const { code, output } = await command('registrations', ['diff'], { env });
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^replaced +client operator: is stored as the file has it/),
    ]);
  });

  it('rotate-keys lists, rotates, and removes a key', async () => {
    const before = (await command('rotate-keys', ['list'], { env })).output;
    kid = /^(\S+) +ES256 +signing/m.exec(before)?.[1] ?? '';
    expect((await command('rotate-keys', ['remove', kid], { env })).output).toContain(kid);
    const after = (await command('rotate-keys', ['list'], { env })).output;
    expect(after).not.toMatch(new RegExp(`^${kid} +ES256 +signing`, 'm'));
    expect(after).toMatch(/^\S+ +ES256 +signing/m);
    const tooEarly = await command('rotate-keys', [], { env });
    expect([tooEarly.code, tooEarly.errors]).toEqual([2, expect.stringContaining('is published too shortly')]);
  });

  it('backup copies the database, and restore-check tells that it could take its place', async () => {
    const file = join(scratch, `${kind.name}.copy`);
    expect(await command('backup', ['--out', file], { env })).toMatchObject({ code: 0, errors: '' });
    const again = await command('backup', ['--out', file], { env });
    expect([again.code, again.errors]).toEqual([2, expect.stringContaining('no backup is written over another')]);
    const checked = await command('restore-check', kind.name === 'SQLite' ? [file] : [], { env });
    expect(checked).toMatchObject({ code: 0, output: expect.stringContaining('the audit trail is whole'), errors: '' });
  });

  it('reencrypt moves everything to a new key, after which the old one can go', async () => {
    const newKey = randomBytes(32).toString('base64');
    env['KEY_PUBLISH_AHEAD'] = '1';
    const wrong = await command('rotate-keys', [], { env: { ...env, ENCRYPTION_KEYS: newKey } });
    expect([wrong.code, wrong.errors]).toEqual([2, expect.stringContaining('ENCRYPTION_KEYS is "(hidden)"')]);
    const both = { ...env, ENCRYPTION_KEYS: `${newKey},${env['ENCRYPTION_KEYS']}` };
    expect((await command('reencrypt', [], { env: both })).output).toMatch(/^encrypted [1-9]\d* values/);
    const { code, errors } = await command('rotate-keys', [], { env: { ...env, ENCRYPTION_KEYS: newKey } });
    expect([code, errors]).toEqual([0, '']);
  });
});

describe('explain', () => {
  it('tells who reaches an audience, and fails where somebody does who is not named', async () => {
    expect(await command('explain', ['message-service'])).toMatchObject({
      code: 0,
      output: expect.stringContaining('user-service (user-service) → message-service'),
    });
    expect(await command('explain', ['message-service', '--only', 'client-app'])).toMatchObject({
      code: 1,
      errors: expect.stringMatching(
        /^explain: (.*, )?user-service(, .*)? can reach message-service, and --only does not name it\n$/,
      ),
    });
  });
});
