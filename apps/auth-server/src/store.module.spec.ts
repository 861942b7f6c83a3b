import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '@onbehalf/authorization-store';
import { readEnvironment } from '@onbehalf/service-host';
import { startPostgres } from '@onbehalf/testing-internal';
import { Test } from '@nestjs/testing';
import { afterAll, describe, expect, it } from '@jest/globals';
import { environment, storeOptions } from './environment.js';
import { StoreModule } from './store.module.js';

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe('settings of the database', () => {
  const UP_TO = (most: number, unit: string): string => `a whole number of ${unit} from 1 to ${most}`;

  it.each([
    ['DATABASE_CONNECTIONS', '0', UP_TO(1000, 'connections')],
    ['DATABASE_CONNECTIONS', '1001', UP_TO(1000, 'connections')],
    ['DATABASE_CONNECTIONS', 'many', UP_TO(1000, 'connections')],
    ['DATABASE_TIMEOUT', '1.5', UP_TO(60, 'seconds')],
    ['DATABASE_TIMEOUT', '61', UP_TO(60, 'seconds')],
    ['SWEEP_INTERVAL', '0', UP_TO(3600, 'seconds')],
    ['SWEEP_SHARE', '101', UP_TO(100, 'percent')],
    ['MIGRATE_AT_START', 'no', 'true or false'],
  ])('%s %s is refused', (name, value, accepted) => {
    expect(() => readEnvironment(environment, { [name]: value })).toThrow(
      `${name} is ${JSON.stringify(value)}; accepted: ${accepted}`,
    );
  });

  it.each([
    [
      { DATABASE_URL: 'postgres://u:p@one,two/db', DATABASE_PASSWORD: 'q' },
      'nothing, because DATABASE_URL has a password',
    ],
    [{ DATABASE_URL: 'postgres://u@db/db?password=p', DATABASE_PASSWORD: 'q' }, 'nothing, because DATABASE_URL has'],
    [{ DATABASE_PASSWORD: 'q' }, 'nothing, because DATABASE_URL is one of SQLite'],
  ])('%p is refused without the password', (given, accepted) => {
    expect(() => readEnvironment(environment, given)).toThrow(
      `DATABASE_PASSWORD is "(not shown)"; accepted: ${accepted}`,
    );
  });

  it.each(['postgres://onbehalf:onbehalf@one,two:5433/db', 'postgres://onbehalf@one/db?password=onbehalf'])(
    'the password that ships with the project is found in %s',
    (DATABASE_URL) => {
      const given = { ISSUER: 'https://as.example', DATABASE_URL };
      expect(() => readEnvironment(environment, given)).toThrow('this one ships with the project');
    },
  );

  it('the password is read again where it stands in a file, alone or in the address', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'password-')), 'file');
    const url = 'postgres://u@db/db';
    const asked = (settings: Record<string, string>) => storeOptions(readEnvironment(environment, settings)).password;
    writeFileSync(file, 'first\n');
    const alone = asked({ DATABASE_URL: url, DATABASE_PASSWORD_FILE: file });
    expect(alone?.()).toBe('first');
    writeFileSync(file, 'second\n');
    expect(alone?.()).toBe('second');
    writeFileSync(file, 'postgres://u:thi%2Frd@db/db');
    const inAddress = asked({ DATABASE_URL_FILE: file });
    expect(inAddress?.()).toBe('thi/rd');
    writeFileSync(file, 'postgres://u:fourth@db/db');
    expect(inAddress?.()).toBe('fourth');
    expect(asked({ DATABASE_URL: url, DATABASE_PASSWORD: 'fixed' })?.()).toBe('fixed');
    expect(asked({ DATABASE_URL: url })).toBeUndefined();
  });

  it('reach the store', () => {
    const sweep = { SWEEP_INTERVAL: '30', SWEEP_SHARE: '25' };
    const given = { DATABASE_CONNECTIONS: '20', DATABASE_TIMEOUT: '5', MIGRATE_AT_START: 'false', ...sweep };
    const options = storeOptions(readEnvironment(environment, given));
    expect(options).toMatchObject({ connections: 20, timeout: 5, migrateAtStart: false });
    expect(options).toMatchObject({ sweepInterval: 30, sweepShare: 0.25 });
    expect(storeOptions(readEnvironment(environment, {}))).toMatchObject({ migrateAtStart: true });
  });
});

describe('a store that cannot be opened', () => {
  const open = async (settings: Record<string, string>): Promise<string> => {
    const module = StoreModule.with(readEnvironment(environment, settings));
    const testing = await Test.createTestingModule({ imports: [module] })
      .compile()
      .catch((error: unknown) => error as Error);
    if (testing instanceof Error) return `${testing.name}: ${testing.message}`;
    await testing.close();
    return 'opened';
  };
  const used = async (): Promise<string> => {
    const path = join(mkdtempSync(join(tmpdir(), 'store-')), 'store.db');
    const store = await openStore({ url: `sqlite:${path}`, sweepInterval: 0 });
    await store.secrets.get('cookie-key', () => 'made');
    await store.close();
    return path;
  };

  it('says that its key file is lost, and makes none in its place', async () => {
    const path = await used();
    rmSync(`${path}.key`);
    expect(await open({ DATABASE_URL: `sqlite:${path}` })).toBe(
      `ConfigurationError: ENCRYPTION_KEYS is missing; accepted: the keys of this database, whose file ${path}.key is not there any more: put it back, or give them`,
    );
    expect(existsSync(`${path}.key`)).toBe(false);
  });

  it('says that a newer version has been there', async () => {
    const path = await used();
    const database = new DatabaseSync(path);
    database.exec("insert into schema_migrations values (9999, '9999-later', 9999, 0)");
    database.close();
    expect(await open({ DATABASE_URL: `sqlite:${path}` })).toMatch(
      /^ConfigurationError: DATABASE_URL is .*The database has schema 9999, which needs software of schema 9999 or newer/,
    );
  });

  it('says that the file is none of a database', async () => {
    const path = await used();
    writeFileSync(path, 'no database '.repeat(1000));
    expect(await open({ DATABASE_URL: `sqlite:${path}` })).toMatch(
      /^ConfigurationError: DATABASE_URL is .*file is not a database/,
    );
  });

  if (postgres) {
    it.each([
      ['nobody of this name', (url: URL) => (url.username = 'nobody-here'), /role "nobody-here" does not exist/],
      [
        'a database that is not there',
        (url: URL) => (url.pathname = '/not-there'),
        /database "not-there" does not exist/,
      ],
    ])('says that PostgreSQL knows %s', async (_, change, reason) => {
      const url = new URL(await postgres.database());
      change(url);
      const ENCRYPTION_KEYS = Buffer.alloc(32, 1).toString('base64');
      const told = await open({ DATABASE_URL: url.href, ENCRYPTION_KEYS });
      expect(told).toMatch(/^ConfigurationError: DATABASE_URL is /);
      expect(told).toMatch(reason);
    });
  }
});
