import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execute, rowsOf, startPostgres } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from './authorization-store.js';
import { backUp } from './back-up.js';
import { checkCopy, type CheckOptions } from './check-copy.js';
import { openStore, type StoreOptions } from './open-store.js';

/** Records before the backup; `npm run soak` asks for more. */
const RECORDS = Number(process.env['SOAK_BACKUP'] ?? 50);
const postgres = await startPostgres();
afterAll(() => postgres?.stop());

let folder: string;
let store: AuthorizationStore | undefined;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'onbehalf-backup-'))));
afterEach(async () => {
  await store?.close();
  store = undefined;
  rmSync(folder, { recursive: true });
});

const path = (name: string): string => join(folder, name);
const event = (id: string) => ({ type: 'token_exchange', issuedTokenId: id });

async function told(work: (write: (line: string) => void) => Promise<number | void>) {
  const lines: string[] = [];
  return { code: await work((line) => lines.push(line)), lines };
}

const check = (options: CheckOptions, file?: string) => told((write) => checkCopy(options, file, write));

/** A store that somebody writes to without end. */
async function inUse(options: StoreOptions, records = 50) {
  const opened = await openStore({ ...options, sweepInterval: 0 });
  store = opened;
  await opened.secrets.get('cookie-key', () => 'made');
  for (let index = 0; index < records; index += 50) {
    const some = Array.from({ length: 50 }, (_, each) => event(`before-${index + each}`));
    await Promise.all(some.map((one) => opened.audit.append(one)));
  }
  let ended = false;
  const writing = (async () => {
    for (let index = 0; !ended; index += 1) await opened.audit.append(event(`during-${index}`));
  })();
  return async () => {
    ended = true;
    await writing;
  };
}

describe('a backup of a SQLite file', () => {
  const options = (): StoreOptions => ({ url: `sqlite:${path('live/store.db')}` });
  const copies = (): string => path('copies');
  const backup = (): string => join(copies(), 'store.db');
  beforeEach(() => mkdirSync(copies()));

  it('that is written to is one whole file with all that was committed before', async () => {
    const end = await inUse(options(), RECORDS);
    const { lines } = await told((write) => backUp(options(), backup(), write));
    await end();
    expect(readdirSync(copies())).toEqual(['store.db']);
    expect(statSync(backup()).mode & 0o777).toBe(0o600);
    const before = "select count(*) as count from audit_records where jti like 'before-%'";
    expect(await rowsOf(`sqlite:${backup()}`, before)).toMatchObject([{ count: RECORDS }]);
    expect(lines).toEqual([
      `the backup is in ${backup()}`,
      `its keys are not in it: keep a copy of ${path('live/store.db.key')} in another place; without them the backup cannot be opened`,
    ]);
    const { code, lines: found } = await check(options(), backup());
    expect(found).toEqual(
      expect.arrayContaining([
        `the file is whole: ${backup()}`,
        'its schema is up to date',
        'the keys open all 2 values that are sealed in it',
        expect.stringMatching(/^the audit trail is whole: \d+ records of 1 writers$/),
        expect.stringMatching(/^rows: .*audit_records \d+/),
      ]),
    );
    expect(code).toBe(0);
    expect(readdirSync(copies())).toEqual(['store.db']);
  }, 120_000);

  it('that ends before what was kept of the trail elsewhere is told so', async () => {
    await (
      await inUse(options())
    )();
    await backUp(options(), backup(), () => undefined);
    await store!.audit.append(event('after'));
    const heads = await store!.audit.heads();
    expect(await check({ ...options(), heads }, backup())).toMatchObject({ code: 1 });
    expect(await check(options(), backup())).toMatchObject({ code: 0 });
  });

  it('is told from what cp makes of it, which says how much it has lost', async () => {
    await (
      await inUse(options())
    )();
    copyFileSync(path('live/store.db'), backup());
    const { code, lines } = await check(options(), backup());
    expect(code).toBe(1);
    expect(lines[0]).toMatch(/^broken: the file was copied while a server had it open/);
    expect(lines[1]).toMatch(/^the database of DATABASE_URL has \d\d+ audit records that are not in it$/);
  });

  it('that nobody has open may be made by cp', async () => {
    await (
      await inUse(options())
    )();
    await store!.close();
    store = undefined;
    copyFileSync(path('live/store.db'), backup());
    expect((await check(options(), backup())).code).toBe(0);
  });

  it('is checked in place where no file is named', async () => {
    await (
      await inUse(options())
    )();
    expect((await check(options())).code).toBe(0);
    expect((await check(options(), path('live/store.db'))).code).toBe(0);
  });

  it.each([
    [
      'over a file that is there',
      () => (writeFileSync(backup(), 'precious'), backup()),
      'a file that is not there yet',
    ],
    ['beside the key', () => path('live/copy.db'), 'a file in another folder than the key'],
    ['into a folder that is not there', () => path('none/copy.db'), 'a file that can be made (ENOENT)'],
  ])('is not written %s', async (_, file, reason) => {
    const end = await inUse(options());
    await expect(backUp(options(), file(), () => undefined)).rejects.toThrow(reason);
    await end();
    expect(readdirSync(copies()).map((name) => readFileSync(join(copies(), name), 'utf8'))).not.toContain('');
    if (existsSync(backup())) expect(readFileSync(backup(), 'utf8')).toBe('precious');
  });

  it.each(['sqlite::memory:', 'sqlite:none/store.db'])('of %s is refused, and nothing is made', async (url) => {
    await expect(backUp({ url }, backup(), () => undefined)).rejects.toThrow(`DATABASE_URL is "${url}"`);
    expect(readdirSync(copies())).toEqual([]);
  });

  it.each([
    [
      'was edited',
      () => execute(`sqlite:${backup()}`, "update audit_records set event = '{}' where sequence = 7"),
      /^broken at writer \S+, record 7: the record does not match its hash$/,
    ],
    [
      'lacks its last records',
      () => execute(`sqlite:${backup()}`, 'delete from audit_records where sequence > 40'),
      /^broken at writer \S+, record 41: records 41 to \d+ are missing$/,
    ],
    [
      'has a torn page',
      () => {
        const bytes = readFileSync(backup());
        writeFileSync(backup(), bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 4096));
      },
      /^broken: /,
    ],
    ['is cut off', () => writeFileSync(backup(), readFileSync(backup()).subarray(0, 20_000)), /^broken: /],
    ['is empty', () => writeFileSync(backup(), ''), /^broken: the file is none of SQLite$/],
    [
      'is of somebody else',
      () => {
        rmSync(backup());
        return execute(`sqlite:${backup()}`, 'create table others (id)');
      },
      /^broken: it holds no schema of this server$/,
    ],
    [
      'is of a later version',
      () => execute(`sqlite:${backup()}`, "insert into schema_migrations values (9999, '9999-later', 9999, 0)"),
      /^broken: The database has schema 9999/,
    ],
  ])('that %s is told so', async (_, harm, reason) => {
    const end = await inUse(options());
    await backUp(options(), backup(), () => undefined);
    await end();
    await Promise.resolve(harm());
    const { code, lines } = await check(options(), backup());
    expect(lines).toContainEqual(expect.stringMatching(reason));
    expect(code).toBe(1);
  });

  it('that no given key opens is told so, and what is no copy of SQLite is no answer', async () => {
    const end = await inUse(options());
    await backUp(options(), backup(), () => undefined);
    await end();
    const encryptionKeys = [randomBytes(32).toString('base64')];
    const { code, lines } = await check({ ...options(), encryptionKeys }, backup());
    expect(lines).toContain('broken: 1 values of shared_secrets are opened by none of the keys');
    expect(code).toBe(1);
    await expect(checkCopy({ url: 'sqlite:/none/store.db' }, backup(), () => undefined)).rejects.toThrow(
      'ENCRYPTION_KEYS is missing',
    );
    writeFileSync(path('dump'), 'PGDMP and so on');
    await expect(checkCopy(options(), path('dump'), () => undefined)).rejects.toThrow('restore a dump of PostgreSQL');
    await expect(checkCopy(options(), path('none'), () => undefined)).rejects.toThrow(
      'a file that can be read (ENOENT)',
    );
  });
});

(postgres ? describe : describe.skip)('a backup of PostgreSQL', () => {
  const encryptionKeys = [randomBytes(32).toString('base64')];

  it('that is written to is restored with all that was committed before', async () => {
    const url = await postgres!.database();
    const options = { url, encryptionKeys };
    const end = await inUse(options, RECORDS);
    const backup = path('store.dump');
    const { lines } = await told((write) => backUp(options, backup, write));
    await end();
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    expect(lines[1]).toContain('keep a copy of ENCRYPTION_KEYS in another place');
    await store!.close();
    store = undefined;
    const schema = new URL(url).searchParams.get('options')!.split('=')[1]!;
    await execute(postgres!.url, `drop schema ${schema} cascade`);
    execFileSync('pg_restore', ['--no-owner', '--exit-on-error', `--dbname=${postgres!.url}`, backup]);
    const { code, lines: found } = await check(options);
    expect(found).toEqual(
      expect.arrayContaining([
        'its schema is up to date',
        'the keys open all 2 values that are sealed in it',
        expect.stringMatching(/^the audit trail is whole: \d+ records of 1 writers$/),
      ]),
    );
    expect(code).toBe(0);
    const before = "select count(*)::int as count from audit_records where jti like 'before-%'";
    expect(await rowsOf(url, before)).toEqual([{ count: RECORDS }]);
    await execute(url, 'delete from audit_records where sequence > 40');
    expect(await check(options)).toMatchObject({ code: 1 });
    await execute(url, "delete from schema_migrations where name = '0025-audit-witnesses'");
    expect(await check({ ...options, migrateAtStart: true })).toEqual({
      code: 1,
      lines: ['its schema is older: run migrate first, which applies 0025-audit-witnesses'],
    });
  }, 120_000);

  it.each([
    ['is not there', undefined, 'pg_dump is missing; accepted: pg_dump of PostgreSQL'],
    [
      'is older',
      'echo "pg_dump (PostgreSQL) 9.6.24"',
      'pg_dump is "pg_dump (PostgreSQL) 9.6.24"; accepted: pg_dump of',
    ],
  ])('says that pg_dump %s, and leaves nothing behind', async (_, script, reason) => {
    const url = await postgres!.database();
    mkdirSync(path('bin'));
    if (script !== undefined) {
      writeFileSync(path('bin/pg_dump'), `#!/bin/sh\n${script}\n`);
      chmodSync(path('bin/pg_dump'), 0o755);
    }
    const before = process.env['PATH'];
    process.env['PATH'] = path('bin');
    const backup = backUp({ url, encryptionKeys }, path('store.dump'), () => undefined);
    await expect(backup).rejects.toThrow(reason);
    process.env['PATH'] = before;
    expect(readdirSync(folder)).toEqual(['bin']);
  });

  it('gives no password to the arguments of pg_dump', async () => {
    const url = new URL(await postgres!.database());
    const password = randomBytes(12).toString('hex');
    url.password = password;
    mkdirSync(path('bin'));
    const script = `#!/bin/sh\necho "pg_dump (PostgreSQL) 99.1"\necho "$@" >> ${path('arguments')}\necho "$PGPASSWORD" >> ${path('given')}\n`;
    writeFileSync(path('bin/pg_dump'), script, { mode: 0o755 });
    const before = process.env['PATH'];
    process.env['PATH'] = path('bin');
    await backUp({ url: url.href, encryptionKeys }, path('store.dump'), () => undefined);
    process.env['PATH'] = before;
    expect(readFileSync(path('given'), 'utf8')).toBe(`\n${password}\n`);
    const given = readFileSync(path('arguments'), 'utf8');
    expect(given).toContain('--format=custom');
    expect(given).not.toContain(password);
  });
});
