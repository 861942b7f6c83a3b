import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import { migrateSchema, migrations, SchemaTooNew } from './database/schema/migrate.js';
import type { Migration } from './database/schema/migration.js';
import { parseStoreUrl } from './database/address/store-url.js';
import { connect, migrate, openStore } from './open-store.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe('openStore', () => {
  it.each([
    ['mysql://root:hidden@host/db', 'mysql:…'],
    ['postgres://', 'postgres:…'],
    ['sqlite:', 'sqlite:…'],
    ['', 'without a scheme'],
    ['hidden', 'without a scheme'],
  ])('refuses %p in one line that names the setting and hides the rest', async (url, told) => {
    const error = (await openStore({ url, encryptionKeys }).catch((reason: unknown) => reason)) as Error;
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/^DATABASE_URL is .*; accepted: sqlite::memory:/);
    expect(error.message).toContain(told);
    expect(error.message).not.toContain('hidden');
  });

  it('refuses a folder and a FIFO in the place of a SQLite file, without waiting, and leaves no key beside it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'onbehalf-open-'));
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    await mkdir(join(directory, 'folder'));
    for (const name of ['fifo', 'folder']) {
      const url = `sqlite:${join(directory, name)}`;
      const told = `DATABASE_URL is "${url}"; accepted: the path of a file, or of none yet`;
      await expect(openStore({ url })).rejects.toThrow(told);
      await expect(migrate(url)).rejects.toThrow(told);
    }
    expect((await readdir(directory)).sort()).toEqual(['fifo', 'folder']);
    await rm(directory, { recursive: true });
  });

  it('demands encryption keys for PostgreSQL', async () => {
    await expect(openStore({ url: 'postgres://127.0.0.1:1/none' })).rejects.toThrow('ENCRYPTION_KEYS is missing');
  });

  it('fails within seconds when the database accepts connections and never answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const start = Date.now();
    await expect(openStore({ url: `postgres://u:p@127.0.0.1:${port}/d`, encryptionKeys })).rejects.toThrow();
    expect(Date.now() - start).toBeLessThan(6_000);
    silent.close();
  }, 15_000);
});

describe.each(databases)('the store on $name', (kind) => {
  afterAll(() => kind.stop());

  it('can be opened by ten at the same time and migrates once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'onbehalf-open-'));
    const url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
    const stores = await Promise.all(Array.from({ length: 10 }, () => openStore({ url, encryptionKeys })));
    await Promise.all(stores.map((store) => store.check()));
    await Promise.all(stores.map((store) => store.close()));
    expect(await migrate(url)).toEqual([]);
    await rm(directory, { recursive: true });
  });

  if (kind.name === 'PostgreSQL') {
    it('sees what was committed before each statement, whatever the database has as its default', async () => {
      const url = await kind.database();
      const before = connect(parseStoreUrl(url));
      const name = new URL(url).pathname.slice(1);
      await sql`alter database ${sql.ref(name)} set default_transaction_isolation to 'repeatable read'`.execute(before);
      await before.destroy();
      const database = connect(parseStoreUrl(url));
      const { rows } = await sql<{ level: string }>`
        select current_setting('transaction_isolation') as level, reset_val as "default"
        from pg_settings where name = 'default_transaction_isolation'`.execute(database);
      expect(rows).toEqual([{ level: 'read committed', default: 'repeatable read' }]);
      await database.destroy();
    });

    it('holds no lock for longer than it waits for an answer when its process hangs in a transaction', async () => {
      const database = connect(parseStoreUrl(await kind.database()));
      const { rows } = await sql`select current_setting('idle_in_transaction_session_timeout') as most`.execute(
        database,
      );
      expect(rows).toEqual([{ most: '3s' }]);
      await database.destroy();
    });
  }

  it('reports that it is not ready after it was closed', async () => {
    const store = await openStore({ url: await kind.database(), encryptionKeys });
    await store.close();
    await expect(store.check()).rejects.toThrow();
  });

  it('tells each query to whoever measures', async () => {
    const seen: boolean[] = [];
    const onQuery = ({ failed }: { failed: boolean }) => seen.push(failed);
    const store = await openStore({ url: await kind.database(), encryptionKeys, onQuery });
    seen.length = 0;
    await store.audit.heads();
    expect(seen).toEqual([false]);
    await store.close();
  });

  describe('migrations', () => {
    const last = migrations.at(-1)?.version ?? 0;
    const next = (version: number, compatibleFrom: number): Migration => ({
      version,
      name: `next-${version}`,
      compatibleFrom,
      up: async (transaction) =>
        transaction.schema.alterTable('replays').addColumn(`added_${version}`, 'text').execute(),
    });
    const dialect = kind.name === 'SQLite' ? 'sqlite' : 'postgres';
    const opened = async () => {
      const url = await kind.database();
      return connect(parseStoreUrl(url));
    };

    it('apply what is missing, in order, once', async () => {
      const database = await opened();
      expect(await migrateSchema(database, dialect)).toEqual(migrations.map(({ name }) => name));
      expect(await migrateSchema(database, dialect, [...migrations, next(last + 1, 1), next(last + 2, 1)])).toEqual([
        `next-${last + 1}`,
        `next-${last + 2}`,
      ]);
      expect(await migrateSchema(database, dialect, [...migrations, next(last + 1, 1), next(last + 2, 1)])).toEqual([]);
      await database.destroy();
    });

    it('apply a step that reaches a release after one with a higher number', async () => {
      const database = await opened();
      await migrateSchema(database, dialect, [...migrations, next(last + 2, 1)]);
      const steps = [...migrations, next(last + 1, 1), next(last + 2, 1)];
      expect(await migrateSchema(database, dialect, steps)).toEqual([`next-${last + 1}`]);
      await database.destroy();
    });

    it('let the version before go on beside the new one', async () => {
      const database = await opened();
      await migrateSchema(database, dialect, [...migrations, next(last + 1, 1)]);
      expect(await migrateSchema(database, dialect)).toEqual([]);
      await database
        .insertInto('replays')
        .values({ key_hash: 'written by the version before', expires_at: 1 })
        .execute();
      await database.destroy();
    });

    it('stop a version that is too old for the schema', async () => {
      const database = await opened();
      await migrateSchema(database, dialect, [...migrations, next(last + 1, 1), next(last + 2, last + 1)]);
      await expect(migrateSchema(database, dialect)).rejects.toThrow(SchemaTooNew);
      await database.destroy();
    });

    it('leave nothing behind when one fails', async () => {
      const database = await opened();
      const broken: Migration = { ...next(last + 1, 1), up: () => Promise.reject(new Error('broken')) };
      await expect(migrateSchema(database, dialect, [...migrations, broken])).rejects.toThrow('broken');
      expect(await migrateSchema(database, dialect)).toEqual(migrations.map(({ name }) => name));
      await database.destroy();
    });
  });
});
