import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestAuthority, execute, startPostgres } from '@onbehalf/testing-internal';
import { backUp } from './back-up.js';
import { checkCopy } from './check-copy.js';
import { withLibpqAddress } from './copies/libpq-address.js';
import { dumpPostgres } from './copies/postgres-dump.js';
import { parseStoreUrl } from './database/address/store-url.js';
import { moveToPostgres } from './move-to-postgres.js';
import { connect, openStore } from './open-store.js';

const postgres = await startPostgres({ own: true, encrypted: true });
afterAll(() => postgres?.stop());
const encryptionKeys = [randomBytes(32).toString('base64')];
const silent = (): void => undefined;

(postgres ? describe : describe.skip)('copies of a PostgreSQL that takes encrypted connections alone', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'onbehalf-tls-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const path = (name: string): string => join(folder, name);
  const told = async (work: (write: (line: string) => void) => Promise<number | void>) => {
    const lines: string[] = [];
    return { code: await work((line) => lines.push(line)), lines };
  };
  async function fill(url: string): Promise<void> {
    const store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    await store.secrets.get('cookie-key', () => 'made once');
    await store.audit.append({ type: 'login' });
    await store.close();
  }
  const withMode = (url: string, mode: string, authority?: string): string => {
    const changed = new URL(url);
    changed.searchParams.set('sslmode', mode);
    changed.searchParams.delete('sslrootcert');
    if (authority !== undefined) changed.searchParams.set('sslrootcert', authority);
    return changed.href;
  };

  it('a backup is made, restored and checked with sslmode=verify-full', async () => {
    const url = await postgres!.database();
    await fill(url);
    await backUp({ url, encryptionKeys }, path('store.dump'), silent);
    const schema = new URL(url).searchParams.get('options')!.split('=')[1]!;
    await execute(postgres!.url, `drop schema ${schema} cascade`);
    execFileSync('pg_restore', ['--no-owner', '--exit-on-error', `--dbname=${postgres!.url}`, path('store.dump')]);
    const { code, lines } = await told((write) => checkCopy({ url, encryptionKeys }, undefined, write));
    expect(lines).toContain('the audit trail is whole: 2 records of 1 writers');
    expect(code).toBe(0);
  });

  it('a SQLite file is moved to it', async () => {
    await fill(`sqlite:${path('store.db')}`);
    const options = { url: await postgres!.database(), encryptionKeys };
    const { code, lines } = await told((write) => moveToPostgres(options, path('store.db'), write));
    expect([code, lines]).toEqual([0, expect.arrayContaining(['the audit trail is whole: 2 records of 1 writers'])]);
  });

  it.each(['require', 'verify-ca', 'prefer'])(
    'sslmode=%s verifies the server, by the driver and by pg_dump alike',
    async (mode) => {
      const url = await postgres!.database();
      await fill(url);
      await backUp({ url: withMode(url, mode, postgres!.authority), encryptionKeys }, path('store.dump'), silent);
      expect(readdirSync(folder)).toEqual(['store.dump']);
      writeFileSync(path('other.crt'), createTestAuthority('another one').certificate);
      for (const other of [withMode(url, mode, path('other.crt')), withMode(url, mode)]) {
        const database = connect(parseStoreUrl(url), { connections: 1 });
        await expect(dumpPostgres(database, other, '/dev/null')).rejects.toThrow(
          /^pg_dump failed: .*certificate verify failed/,
        );
        await database.destroy();
        const backup = backUp({ url: other, encryptionKeys }, path('refused.dump'), silent);
        await expect(backup).rejects.toThrow(/certificate/);
      }
      expect(readdirSync(folder)).toEqual(['other.crt', 'store.dump']);
    },
  );

  it('sslmode=no-verify is asked for in as many words, and then nobody is verified', async () => {
    const url = await postgres!.database();
    await fill(url);
    await backUp({ url: withMode(url, 'no-verify'), encryptionKeys }, path('store.dump'), silent);
    expect(readdirSync(folder)).toEqual(['store.dump']);
  });
});

describe('an address for libpq', () => {
  it.each([
    ['', ''],
    ['?application_name=a+b', '?application_name=a%20b'],
    ['?sslmode=disable', '?sslmode=disable'],
    ['?ssl=0', '?sslmode=disable'],
    ['?ssl=no-verify', '?sslmode=require'],
    ['?ssl=false&sslrootcert=a', '?sslrootcert=a&sslmode=verify-full'],
    ['?sslmode=no-verify&sslrootcert=a', '?sslmode=require'],
    ['?sslmode=require&sslrootcert=a', '?sslrootcert=a&sslmode=verify-full'],
    ['?sslrootcert=a', '?sslrootcert=a&sslmode=verify-full'],
    ['?ssl=true&sslrootcert=a', '?sslrootcert=a&sslmode=verify-full'],
    ['?sslmode=require&uselibpqcompat=true', '?sslmode=require'],
  ])('says what the driver does by %j', async (given, expected) => {
    const url = `postgres://onbehalf@db/one${given}`;
    expect(await withLibpqAddress(url, (address) => Promise.resolve(address))).toBe(
      `postgres://onbehalf@db/one${expected}`,
    );
  });

  it.each([
    ['disable', '?sslmode=disable'],
    ['no-verify', '?sslmode=require'],
    ['none', ''],
  ])('says what the driver does by PGSSLMODE=%s', async (mode, expected) => {
    const address = await withLibpqAddress('postgres://db/one', (each) => Promise.resolve(each), { PGSSLMODE: mode });
    expect(address).toBe(`postgres://db/one${expected}`);
  });

  it.each(['prefer', 'require', 'verify-ca', 'verify-full'])(
    'verifies the server by PGSSLMODE=%s, unless the address says otherwise',
    async (PGSSLMODE) => {
      const of = (url: string) => withLibpqAddress(url, (each) => Promise.resolve(each), { PGSSLMODE });
      expect(await of('postgres://db/one')).toMatch(/[?&]sslmode=verify-full&sslrootcert=.*authorities\.pem$/);
      expect(await of('postgres://db/one?ssl=0')).toBe('postgres://db/one?sslmode=disable');
    },
  );

  it.each([
    '?sslmode=require',
    '?sslmode=verify-full',
    '?ssl=true',
    '?ssl=false',
    '?ssl=true&uselibpqcompat=true',
    '?sslnegotiation=direct',
  ])('trusts whom Node trusts by %j', async (given) => {
    const address = await withLibpqAddress(`postgres://db/one${given}`, (each) => Promise.resolve(each));
    expect(address).toMatch(/[?&]sslmode=verify-full&sslrootcert=.*authorities\.pem$/);
  });
});
