import { mkdtemp, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql, type Kysely } from 'kysely';
import type { AuthorizationStore } from '../authorization-store.js';
import { chainHash } from '../chain/audit-chain.js';
import type { Schema } from '../database/schema/schema.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';
import { storeCommand, type StoreCommandOptions } from '../store-command.js';

const databases = await testDatabases();
const KEY = Buffer.alloc(32, 1).toString('base64');

describe.each(databases)('an audit trail that is archived on $name', (kind) => {
  let directory: string;
  let url: string;
  let database: Kysely<Schema>;
  let store: AuthorizationStore;
  let writer: string;
  const file = (name: string) => join(directory, name);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onbehalf-archiving-'));
    url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
    database = connect(parseStoreUrl(url));
    store = await openStore({ url, encryptionKeys: [KEY], sweepInterval: 0 });
    writer = store.audit.writer;
    await append(5);
  });
  afterEach(async () => {
    await Promise.all([store.close(), database.destroy()]);
    await rm(directory, { recursive: true });
  });
  afterAll(() => kind.stop());

  async function append(count: number, to = store): Promise<void> {
    for (let index = 0; index < count; index += 1) await to.audit.append({ type: 'e', clientId: `c${index}` });
  }
  /** In a process of its own, as the command does. @returns everything that was there before is older */
  async function archive(name: string): Promise<void> {
    const before = Date.now() + 1;
    while (Date.now() < before);
    const command = await openStore({ url, encryptionKeys: [KEY], sweepInterval: 0 });
    await command.audit.archive({ before, out: file(name) });
    await command.close();
  }
  const reopen = async (encryptionKeys = [KEY]) => {
    await store.close();
    store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
  };
  const verify = (...names: readonly string[]) => store.audit.verify({ archives: names.map(file) });
  const left = async (of = writer) =>
    (await database.selectFrom('audit_records').select('sequence').where('writer', '=', of).execute()).length;
  const run = async (
    options: Partial<StoreCommandOptions>,
    name: 'audit-archive' | 'audit-verify' = 'audit-archive',
  ) => {
    const lines: string[] = [];
    const code = await storeCommand(name, { url, encryptionKeys: [KEY], ...options }, (line) => lines.push(line));
    return { code, lines };
  };

  it('is verified without what was archived, and with it as one', async () => {
    await archive('1');
    expect(await left()).toBe(0);
    expect(await verify()).toMatchObject({ ok: true, writers: 2, records: 2 });
    await append(3);
    expect(await verify()).toMatchObject({ ok: true, records: 5 });
    expect(await verify('1')).toMatchObject({ ok: true, writers: 2, records: 11 });
    await archive('2');
    await append(1);
    expect(await verify('2', '1')).toMatchObject({ ok: true, writers: 3, records: 14 });
    expect(await verify()).toMatchObject({ ok: true, records: 3 });
  });

  it('stands in the file as it stood in the trail', async () => {
    await store.audit.append({ type: 'e', subject: 'Zoë "\u2028\n,"event":' });
    const exported: unknown[] = [];
    for await (const record of store.audit.export()) exported.push(record);
    await archive('1');
    const [header, ...lines] = (await readFile(file('1'), 'utf8')).trimEnd().split('\n');
    expect(JSON.parse(header!)).toMatchObject({ format: 'onbehalf-audit-archive/1', segments: [{ writer, from: 0 }] });
    expect(lines.slice(0, -1).map((line) => JSON.parse(line) as unknown)).toEqual(exported);
    const { records } = await store.audit.query({ type: 'audit_archived' });
    expect(records).toMatchObject([{ event: { file: '1', count: exported.length, chains: 1 } }]);
  });

  const LINES = 8;
  it.each<[string, (lines: string[]) => string[]]>([
    ['cut at its end', (lines) => lines.slice(0, -1)],
    ['cut in a line', (lines) => [...lines.slice(0, 3), lines[3]!.slice(0, 20)]],
    ['without its last record', (lines) => [...lines.slice(0, -2), lines.at(-1)!]],
    ['without a record', (lines) => lines.toSpliced(2, 1)],
    ['in another order', ([header, first, second, ...others]) => [header!, second!, first!, ...others]],
    ['changed in an event', (lines) => lines.with(3, lines[3]!.replace('"c1"', '"c2"'))],
    ['changed in a time', (lines) => lines.with(3, lines[3]!.replace('"at":"20', '"at":"19'))],
    ['changed in its first line', (lines) => lines.with(0, lines[0]!.replace('"before":"20', '"before":"19'))],
    ['changed in its seal', (lines) => lines.with(-1, lines.at(-1)!.replace('"seal":"', '"seal":"A'))],
    ['longer', (lines) => [...lines, lines[2]!]],
    ['empty', () => []],
    ['something else', () => ['{"type":"e"}']],
    ['without its chains', ([header]) => [header!.replace(/"segments":.*/, '"segments":[null]}')]],
  ])('is broken when an archive is %s', async (_name, change) => {
    await archive('1');
    const lines = (await readFile(file('1'), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(LINES);
    await writeFile(
      file('1'),
      change(lines)
        .map((line) => `${line}\n`)
        .join(''),
    );
    const { brokenArchives } = (await verify('1')) as { brokenArchives?: unknown[] };
    expect(brokenArchives?.[0]).toMatchObject({ archive: file('1') });
    expect((await verify('1')) as object).toMatchObject({ ok: false, brokenAt: [] });
    expect((await run({ archives: [file('1')] }, 'audit-verify')).code).toBe(1);
  });

  it('is verified by its archives alone, with the key', async () => {
    for (const name of ['1', '2', '3']) {
      await archive(name);
      await append(2);
    }
    const alone = async (names: readonly string[], encryptionKeys = [KEY]) => {
      const lines: string[] = [];
      const options = { url, encryptionKeys, archives: names.map(file) };
      return { code: await storeCommand('audit-verify-archive', options, (line) => lines.push(line)), lines };
    };
    expect(await alone(['2', '1', '3'])).toMatchObject({
      code: 0,
      lines: [{}, {}, {}].map(() => expect.stringMatching(/^whole: /)),
    });
    expect(await alone(['2', '3'])).toMatchObject({ code: 0 });
    expect((await alone(['1', '3'])).lines.at(-1)).toMatch(
      /^broken archive .*3: .*, which it goes on behind, was not given$/,
    );
    expect((await alone(['1'], [Buffer.alloc(32, 2).toString('base64')])).lines).toEqual([
      expect.stringContaining('which is not given'),
    ]);
    await expect(alone([])).rejects.toThrow('the archive is missing');
    expect(await alone(['none'])).toMatchObject({ code: 1 });
  });

  it('is broken when an archive was not given, whichever it is', async () => {
    for (const name of ['1', '2', '3']) {
      await archive(name);
      await append(2);
    }
    expect(await verify('1', '2', '3')).toMatchObject({ ok: true });
    for (const given of [['1', '2'], ['1', '3'], ['2', '3'], ['3']]) {
      const { lines } = await run({ archives: given.map(file) }, 'audit-verify');
      expect(lines).toContainEqual(expect.stringContaining('it was not given, and the trail goes on behind it'));
    }
    expect(await verify('1', '2', '3', 'none')).toMatchObject({ brokenArchives: [{ archive: file('none') }] });
  });

  it('is broken when an archive is of another trail', async () => {
    await archive('1');
    const other = await openStore({ url: 'sqlite::memory:', encryptionKeys: [KEY], sweepInterval: 0 });
    await append(2, other);
    await other.audit.archive({ before: Date.now() + 1000, out: file('other') });
    await other.close();
    expect(await verify('1', 'other')).toMatchObject({ ok: false, brokenArchives: [{ archive: file('other') }] });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['the checkpoint is gone', () => database.deleteFrom('audit_checkpoints').execute()],
    ['the checkpoint was moved', () => database.updateTable('audit_checkpoints').set({ sequence: 7 }).execute()],
    [
      'the checkpoint has another hash',
      () => database.updateTable('audit_checkpoints').set({ hash: 'forged' }).execute(),
    ],
    [
      'the checkpoint names another archive',
      () => database.updateTable('audit_checkpoints').set({ archive: 'x' }).execute(),
    ],
    [
      'the checkpoint is sealed with a key that is not given',
      () => database.updateTable('audit_checkpoints').set({ sealed_with: 'x' }).execute(),
    ],
    ['the head is gone', () => database.deleteFrom('audit_heads').where('writer', '=', writer).execute()],
  ])('is broken when %s', async (_name, change) => {
    await archive('1');
    await append(2);
    await change();
    expect(await verify()).toMatchObject({ ok: false });
  });

  it('takes no records in the place of those that were archived', async () => {
    const row = await database
      .selectFrom('audit_records')
      .selectAll()
      .where('sequence', '=', 2)
      .executeTakeFirstOrThrow();
    const last = await database
      .selectFrom('audit_records')
      .selectAll()
      .where('sequence', '=', 5)
      .executeTakeFirstOrThrow();
    await archive('1');
    for (const real of [row, { ...last, event: '{"type":"e"}' }]) {
      const forged = { ...real, hash: chainHash(real) };
      await database.insertInto('audit_records').values(forged).execute();
      expect(await verify()).toMatchObject({ ok: false });
      await database
        .deleteFrom('audit_records')
        .where('sequence', '=', forged.sequence)
        .where('writer', '=', writer)
        .execute();
    }
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('does not hide that a chain was taken away which only archived records had seen', async () => {
    await reopen();
    await append(1);
    await archive('1');
    await reopen();
    await append(1);
    for (const table of ['audit_heads', 'audit_checkpoints'] as const) {
      await database.deleteFrom(table).where('writer', '=', writer).execute();
    }
    const verification = await verify();
    expect(verification).toMatchObject({ ok: false, brokenAt: [{ writer, sequence: 5 }] });
    expect(await verify('1')).toMatchObject({ ok: false });
  });

  it('keeps what has not been forwarded', async () => {
    await database.insertInto('audit_forwarding').values({ writer, sequence: 2, held_by: '', held_until: 0 }).execute();
    await archive('1');
    expect(await left()).toBe(3);
    await database.updateTable('audit_forwarding').set({ sequence: -1 }).execute();
    await reopen();
    expect(await verify('1')).toMatchObject({ ok: true });
  });

  it('keeps acknowledgements, and tells of gaps that were archived', async () => {
    const options = { by: 'anna', reason: 'a restore' };
    await database.deleteFrom('audit_records').where('sequence', 'in', [2, 3]).execute();
    const command = (dryRun: boolean) =>
      storeCommand('audit-acknowledge-gap', { url, encryptionKeys: [KEY], ...options, dryRun }, () => undefined);
    expect(await command(false)).toBe(0);
    await archive('1');
    await append(1);
    expect(await verify()).toMatchObject({ ok: true, acknowledged: [] });
    expect(await verify('1')).toMatchObject({ ok: true, acknowledged: [{ from: 2, to: 3, by: 'anna' }] });
    expect((await store.audit.query({ type: 'audit_gap_acknowledged' })).records).toHaveLength(1);
    expect((await run({ before: new Date().toISOString(), dryRun: true })).lines).toHaveLength(1);
  });

  it('goes over to another key, and vouches for archives whose key is gone', async () => {
    await archive('1');
    const next = Buffer.alloc(32, 2).toString('base64');
    await reopen([next, KEY]);
    expect(await store.reencrypt()).toBeGreaterThan(0);
    await reopen([next]);
    await append(1);
    expect(await verify('1')).toMatchObject({ ok: true });
    const lines = (await readFile(file('1'), 'utf8')).split('\n');
    await writeFile(file('1'), lines.with(3, lines[3]!.replace('"c1"', '"c2"')).join('\n'));
    expect(await verify('1')).toMatchObject({ ok: false });
  });

  it('is archived and verified while a server writes', async () => {
    let appending = true;
    const writing = (async () => {
      while (appending) await Promise.all(Array.from({ length: 20 }, () => append(1)));
    })();
    const verifying = (async () => {
      while (appending) expect(await verify()).toMatchObject({ ok: true });
    })();
    for (const name of ['1', '2', '3']) await archive(name);
    appending = false;
    await Promise.all([writing, verifying]);
    expect(await verify('1', '2', '3')).toMatchObject({ ok: true });
  }, 30_000);

  describe('by a run that was stopped', () => {
    const STOP = {
      SQLite: `create trigger stop before insert on audit_checkpoints begin select raise(abort, 'stopped'); end`,
      PostgreSQL: `alter table audit_checkpoints add constraint stop check (sequence < 0)`,
    }[kind.name];
    const GO_ON = {
      SQLite: `drop trigger stop`,
      PostgreSQL: `alter table audit_checkpoints drop constraint stop`,
    }[kind.name];

    it('before the chains went on behind it, goes on with the same file', async () => {
      await writeFile(file('1.part'), 'half of an arch');
      await sql.raw(STOP).execute(database);
      await expect(archive('1')).rejects.toThrow();
      expect(existsSync(file('1.part'))).toBe(false);
      expect(await left()).toBe(6);
      expect(await verify()).toMatchObject({ ok: true, records: 6 });
      await sql.raw(GO_ON).execute(database);
      const written = await readFile(file('1'));
      await append(2);
      await archive('1');
      expect(await readFile(file('1'))).toEqual(written);
      expect(await left()).toBe(2);
      expect(await verify('1')).toMatchObject({ ok: true });
    });

    it('while it deleted, is whole, and goes on', async () => {
      const rest = Array.from({ length: 2500 }, () => store.audit.append({ type: 'e' }));
      await Promise.all(rest);
      const progress = (step: string) => {
        if (step === 'deleted') throw new Error('stopped');
      };
      const options = { before: Date.now() + 60_000, out: file('1'), progress };
      await expect(store.audit.archive(options)).rejects.toThrow('stopped');
      expect(await left()).toBe(1507);
      expect(await verify()).toMatchObject({ ok: true });
      expect(await verify('1')).toMatchObject({ ok: true });
      await database.deleteFrom('audit_records').where('sequence', '=', 1800).execute();
      expect(await verify()).toMatchObject({ ok: false });
      await archive('1');
      expect(await left()).toBe(1);
      expect(await verify('1')).toMatchObject({ ok: true });
    });

    it('while it deleted, deletes nothing more without the file that it is in', async () => {
      const progress = (step: string) => {
        if (step === 'deleted') throw new Error('stopped');
      };
      await Promise.all(Array.from({ length: 1500 }, () => store.audit.append({ type: 'e' })));
      const options = { before: Date.now() + 60_000, out: file('1'), progress };
      await expect(store.audit.archive(options)).rejects.toThrow('stopped');
      const rest = await left();
      expect(rest).toBeGreaterThan(1);
      await expect(archive('2')).rejects.toThrow('whose records are not all deleted yet');
      await rename(file('1'), file('elsewhere'));
      await expect(archive('1')).rejects.toThrow('whose records are not all deleted yet');
      await writeFile(file('1'), (await readFile(file('elsewhere'), 'utf8')).replace('"c1"', '"c2"'));
      await expect(archive('1')).rejects.toThrow('does not match its hash');
      expect(await left()).toBe(rest);
      await archive('elsewhere');
      expect(await verify('elsewhere')).toMatchObject({ ok: true });
    });

    it('or still runs, cannot change the archive of another one', async () => {
      const other = await open(file('1.part'), 'w', 0o644);
      await archive('1');
      await other.write('written by another run');
      await other.close();
      expect((await stat(file('1'))).mode & 0o777).toBe(0o600);
      expect(await verify('1')).toMatchObject({ ok: true });
    });

    it('does not take an archive that lacks what nobody has acknowledged', async () => {
      await database.deleteFrom('audit_records').where('sequence', '=', 3).execute();
      await expect(archive('1')).rejects.toThrow('nobody has acknowledged');
      expect(await left()).toBe(5);
      expect(await database.selectFrom('audit_checkpoints').selectAll().execute()).toEqual([]);
    });

    it('does not take a file that is another one', async () => {
      await writeFile(file('1'), 'mine');
      await expect(archive('1')).rejects.toThrow('it is no archive of an audit trail');
      expect(await readFile(file('1'), 'utf8')).toBe('mine');
      await archive('2');
      await append(1);
      await database.deleteFrom('audit_checkpoints').execute();
      await expect(archive('2')).rejects.toThrow('its records are not those that this trail has next');
      await expect(archive('none/1')).rejects.toThrow('ENOENT');
    });
  });

  describe('by the command', () => {
    it('tells what it would do, does it, and says so', async () => {
      const before = new Date(Date.now() + 1).toISOString();
      while (Date.now() < Date.parse(before));
      expect(await run({ before, dryRun: true })).toEqual({
        code: 1,
        lines: ['would be archived: 6 records of 1 chain'],
      });
      const out = file('1');
      const told: string[] = [];
      expect(await run({ before, out, progress: (line) => told.push(line) })).toEqual({
        code: 0,
        lines: [`archived 6 records of 1 chain in ${out}`, 'deleted 6 records from the database'],
      });
      expect(told).toContain('written 6 of 6 records');
      expect(await run({ before, out })).toMatchObject({ code: 0 });
      expect(await run({ before, out: file('2') })).toMatchObject({
        code: 0,
        lines: ['there is nothing to archive', expect.anything()],
      });
      expect(existsSync(file('2'))).toBe(false);
    });

    it('does not say that all is done when the file is an archive of earlier', async () => {
      await archive('1');
      await append(1);
      const before = new Date(Date.now() + 1).toISOString();
      while (Date.now() < Date.parse(before));
      await expect(run({ before, out: file('1') })).rejects.toThrow('there are newer records to archive');
    });

    it('does not archive what is broken', async () => {
      await database.updateTable('audit_records').set({ at: 1 }).where('sequence', '=', 3).execute();
      const { code, lines } = await run({ before: '2020-01-01', out: file('1') });
      expect({ code, lines }).toEqual({ code: 1, lines: [expect.stringContaining('the trail is broken')] });
    });

    it.each([
      [{}, '--before'],
      [{ before: 'yesterday' }, '--before'],
      [{ before: '2020-13-01' }, '--before'],
      [{ before: '2020-02-31' }, '--before'],
      [{ before: '2020-02-30T12:00:00Z' }, '--before'],
      [{ before: '2020-01-01T10:00' }, '--before'],
      [{ before: '2999-01-01' }, '--before is "2999-01-01"; accepted: a date'],
      [{ before: '2020-01-01' }, '--out'],
      [{ before: new Date().toISOString(), retention: 1 }, 'because AUDIT_RETENTION is 1'],
    ])('refuses %j', async (options, message) => {
      await expect(run(options)).rejects.toThrow(message);
    });

    it('archives what is older than the retention', async () => {
      expect(await run({ retention: 1, dryRun: true })).toMatchObject({ code: 0 });
      await database.updateTable('audit_records').set({ at: 1 }).execute();
      expect(await run({ retention: 1, dryRun: true })).toMatchObject({ code: 1 });
    });
  });
});
