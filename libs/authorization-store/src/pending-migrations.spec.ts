import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import { migrations } from './database/schema/migrate.js';
import { parseStoreUrl } from './database/address/store-url.js';
import { connect, migrate, openStore, pendingMigrations } from './open-store.js';
import { storeCommand } from './store-command.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];
const declared = {
  tables: [{ name: 'tickets', columns: { id: { type: 'text' }, note: { type: 'text', optional: true } }, key: ['id'] }],
  auditFields: [
    { name: 'ticket', description: 'the ticket', searchable: true },
    { name: 'mood', description: 'of the clerk' },
  ],
} as const;
const STEPS = migrations.map(({ name }) => name);
const DECLARED = ['table tickets', 'audit field ticket'];

describe.each(databases)('a schema of $name that is not up to date', (kind) => {
  let directory: string;
  let url: string;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'onbehalf-pending-'));
    url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  afterAll(() => kind.stop());

  const change = async (statement: string): Promise<void> => {
    const database = connect(parseStoreUrl(url), { connections: 1 });
    await sql.raw(statement).execute(database);
    await database.destroy();
  };
  const open = async (options: object = {}): Promise<void> =>
    (await openStore({ url, encryptionKeys, sweepInterval: 0, migrateAtStart: false, ...options })).close();

  it('is told step by step, and nothing is changed', async () => {
    expect(await pendingMigrations(url, declared)).toEqual([...STEPS, ...DECLARED]);
    expect(await migrate(url, declared)).toEqual([...STEPS, ...DECLARED]);
    expect(await pendingMigrations(url, declared)).toEqual([]);
    await change(`delete from schema_migrations where version = 25`);
    expect(await pendingMigrations(url, declared)).toEqual(['0025-audit-witnesses']);
  });

  it('is refused where the start must not change it, with what is missing', async () => {
    await migrate(url);
    await expect(open()).resolves.toBeUndefined();
    await expect(open(declared)).rejects.toThrow(
      'MIGRATE_AT_START is false; accepted: true, or a schema that the command migrate has brought up to date; missing: table tickets, audit field ticket',
    );
    await migrate(url, declared);
    await expect(open(declared)).resolves.toBeUndefined();
    const [table] = declared.tables;
    const wider = { ...table, columns: { ...table.columns, clerk: { type: 'text', optional: true } } };
    await expect(open({ ...declared, tables: [wider] })).rejects.toThrow('missing: table tickets');
  });

  it('is no matter when it is newer and compatible, and refused when it is not', async () => {
    await migrate(url);
    const newer = (compatibleFrom: number): Promise<void> =>
      change(`insert into schema_migrations values (${900 + compatibleFrom}, 'later', ${compatibleFrom}, 0)`);
    await newer(1);
    await expect(open()).resolves.toBeUndefined();
    await newer(99);
    await expect(open()).rejects.toThrow('The database has schema 999, which needs software of schema 99');
  });

  it('is told by a dry run, whose exit code says whether there is something to do', async () => {
    const lines: string[] = [];
    const options = { url, encryptionKeys, ...declared };
    const run = (dryRun: boolean) => storeCommand('migrate', { ...options, dryRun }, (line) => lines.push(line));
    expect([await run(true), await run(false), await run(true)]).toEqual([1, 0, 0]);
    const names = [...STEPS, ...DECLARED].join(', ');
    expect(lines).toEqual([`to be applied: ${names}`, `applied ${names}`, 'the schema is up to date']);
  });
});
