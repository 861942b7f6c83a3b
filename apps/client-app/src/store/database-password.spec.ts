import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hostSettings, readEnvironment } from '@onbehalf/service-host';
import { execute, startPostgres, WITH_PASSWORD } from '@onbehalf/testing-internal';
import { environment, Settings } from '../settings.js';
import { openRecords, type OpenedRecords } from './open-records.js';

const postgres = await startPostgres({ own: true });
const file = join(mkdtempSync(join(tmpdir(), 'client-app-password-')), 'file');
const schema = environment.safeExtend(hostSettings(0).shape);
const newPassword = (): string => randomBytes(18).toString('hex');

(postgres ? describe : describe.skip)('a password of the database that changes while the app runs', () => {
  let opened: OpenedRecords;
  let url: string;
  let number = 0;

  const change = (password: string): Promise<void> =>
    execute(postgres!.url, `alter role ${WITH_PASSWORD} password '${password}'`);

  async function open(given: Record<string, string>): Promise<void> {
    const settings = { ENCRYPTION_KEYS: randomBytes(32).toString('base64'), ...given };
    opened = await openRecords(new Settings(readEnvironment(schema, settings)).database);
  }

  /** Every connection is a new one; those that were cut tell so once. */
  async function works(): Promise<boolean> {
    await execute(
      postgres!.url,
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${WITH_PASSWORD}'`,
    );
    for (let round = 0; round < 20; round += 1) {
      const added = await opened.records.add('run', String((number += 1)), '', 1000).catch(() => undefined);
      if (added !== undefined) return true;
    }
    return false;
  }

  beforeAll(() => execute(postgres!.url, `create role ${WITH_PASSWORD} superuser login`));
  beforeEach(async () => {
    const address = new URL(await postgres!.database());
    address.username = WITH_PASSWORD;
    url = address.href;
  });
  afterEach(() => opened.database.destroy());
  afterAll(() => postgres!.stop());

  it.each(['DATABASE_PASSWORD_FILE', 'DATABASE_URL_FILE'])(
    'is read anew from %s, whichever changes first',
    async (setting) => {
      const write = (password: string): void => {
        const address = new URL(url);
        address.password = password;
        writeFileSync(file, `${setting === 'DATABASE_URL_FILE' ? address.href : password}\n`);
      };
      const [first, second, third] = [newPassword(), newPassword(), newPassword()];
      write(first);
      await change(first);
      await open({ [setting]: file, ...(setting === 'DATABASE_PASSWORD_FILE' && { DATABASE_URL: url }) });
      await change(second);
      expect(await works()).toBe(false);
      write(second);
      expect(await works()).toBe(true);
      write(third);
      expect(await works()).toBe(true);
      await change(third);
      expect(await works()).toBe(true);
    },
  );
});

describe('DATABASE_PASSWORD', () => {
  it.each([
    [{ DATABASE_URL: 'postgres://u:p@one/db' }, 'nothing, because DATABASE_URL has a password'],
    [{}, 'nothing, because DATABASE_URL is one of SQLite'],
  ])('is refused beside %p', (given, accepted) => {
    const password = newPassword();
    expect(() => readEnvironment(schema, { DATABASE_PASSWORD: password, ...given })).toThrow(
      `DATABASE_PASSWORD is "(not shown)"; accepted: ${accepted}`,
    );
  });
});
