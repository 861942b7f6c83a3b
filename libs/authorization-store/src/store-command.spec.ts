import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrateSchema, migrations } from './database/schema/migrate.js';
import { parseStoreUrl } from './database/address/store-url.js';
import { connect, openStore } from './open-store.js';
import { isStoreCommand, storeCommand, type StoreCommand, type StoreCommandOptions } from './store-command.js';

describe('store commands', () => {
  let directory: string;
  let url: string;
  const oldKey = randomBytes(32).toString('base64');
  const run = async (command: StoreCommand, ...encryptionKeys: string[]) => {
    const lines: string[] = [];
    const code = await storeCommand(command, { url, encryptionKeys }, (line) => lines.push(line));
    return { code, lines };
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onbehalf-command-'));
    url = `sqlite:${join(directory, 'store.db')}`;
  });
  afterEach(() => rm(directory, { recursive: true }));

  it.each([
    ['audit-verify', true],
    ['drop', false],
    ['constructor', false],
    [undefined, false],
  ])('%p is a command: %p', (name, expected) => expect(isStoreCommand(name)).toBe(expected));

  it('migrate tells what it has applied', async () => {
    expect(await run('migrate')).toEqual({
      code: 0,
      lines: [`applied ${migrations.map(({ name }) => name).join(', ')}`],
    });
    expect(await run('migrate')).toEqual({ code: 0, lines: ['the schema is up to date'] });
  });

  it('migrate --finish ends the time in which the version before may share the database', async () => {
    const database = connect(parseStoreUrl(url));
    await run('migrate');
    const compatible = () => database.updateTable('schema_migrations').set({ compatible_from: 1 }).execute();
    const finish = async (options: Partial<StoreCommandOptions> = {}) => {
      const lines: string[] = [];
      const code = await storeCommand('migrate', { url, finish: true, ...options }, (line) => lines.push(line));
      return { code, lines };
    };
    expect((await finish()).lines).toEqual(['the schema is up to date', 'nothing was left to be finished']);
    await compatible();
    const left = 'to be finished by --finish once no replica of the version before is left: 0038-audit-templates';
    expect((await run('migrate')).lines).toEqual(['the schema is up to date', left]);
    expect(await finish({ dryRun: true, finish: false })).toEqual({
      code: 0,
      lines: ['the schema is up to date', left],
    });
    const told = 'finished 0038-audit-templates: versions before it start no more; restart the replicas';
    expect(await finish()).toEqual({ code: 0, lines: ['the schema is up to date', told] });
    const before = migrations.filter(({ version }) => version < 38);
    await expect(migrateSchema(database, 'sqlite', before)).rejects.toThrow('needs software of schema 38 or newer');
    await compatible();
    await expect(migrateSchema(database, 'sqlite', before)).resolves.toEqual([]);
    await database.destroy();
    await expect(finish({ dryRun: true })).rejects.toThrow('accepted: it without --finish');
  });

  it.each(['audit-verify', 'audit-heads', 'audit-export', 'reencrypt'] as const)(
    '%s brings no schema up to date, and takes an empty database for no trail that is whole',
    async (name) => {
      const database = connect(parseStoreUrl(url));
      const missing = /^DATABASE_URL is "sqlite:.*"; accepted: .* migrate has brought up to date; missing: /;
      await expect(run(name, oldKey)).rejects.toThrow(missing);
      expect(await database.introspection.getTables()).toEqual([]);
      await migrateSchema(database, 'sqlite', migrations.slice(0, -1));
      await expect(run(name, oldKey)).rejects.toThrow(`missing: ${migrations.at(-1)!.name}`);
      await database.destroy();
    },
  );

  it('names the setting of a file that is no database', async () => {
    await writeFile(url.slice('sqlite:'.length), 'x'.repeat(10_000));
    await expect(run('audit-verify', oldKey)).rejects.toThrow(/^DATABASE_URL is .*\(file is not a database\)$/);
  });

  it('audit-verify answers 0 for a whole trail, and 1 with the place for a broken one', async () => {
    const store = await openStore({ url, encryptionKeys: [oldKey] });
    const { writer } = await store.audit.append({ type: 'login' });
    await store.close();
    expect(await run('audit-verify', oldKey)).toEqual({
      code: 0,
      lines: ['the audit trail is whole: 2 records of 1 writers'],
    });
    const database = connect(parseStoreUrl(url));
    await database.updateTable('audit_records').set({ event: '{}' }).where('sequence', '=', 1).execute();
    await database.destroy();
    expect(await run('audit-verify', oldKey)).toEqual({
      code: 1,
      lines: [`broken at writer ${writer}, record 1: the record does not match its hash`],
    });
  });

  it('audit-export writes one JSON object a line', async () => {
    const store = await openStore({ url, encryptionKeys: [oldKey] });
    await store.audit.append({ type: 'login' });
    await store.close();
    const { lines } = await run('audit-export', oldKey);
    expect(lines.map((line) => (JSON.parse(line) as { event: object }).event)).toMatchObject([{}, { type: 'login' }]);
  });

  it('reencrypt tells how many values it has changed', async () => {
    const store = await openStore({ url, encryptionKeys: [oldKey] });
    await store.secrets.get('name', () => 'secret');
    await store.close();
    const newKey = randomBytes(32).toString('base64');
    expect(await run('reencrypt', newKey, oldKey)).toEqual({
      code: 0,
      lines: ['encrypted 1 values with the current key'],
    });
  });
});
