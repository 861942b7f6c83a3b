import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import { openRecords, type OpenedRecords } from './open-records.js';
import { MOST_OF_ONE, type SharedRecords } from './shared-records.js';

const databases = await testDatabases();
const newKey = (): string => randomBytes(32).toString('base64');
const HOUR = 3_600_000;

describe.each(databases)('what replicas share, on $name', (kind) => {
  const encryptionKeys = [newKey()];
  let url: string;
  let opened: OpenedRecords[];
  let here: SharedRecords;
  let there: SharedRecords;

  async function open(keys: string[] = encryptionKeys): Promise<OpenedRecords> {
    const replica = await openRecords({ url, encryptionKeys: keys });
    opened.push(replica);
    return replica;
  }

  async function sessions(): Promise<number> {
    const { rows } = await sql<{ count: number }>`select count(*) as count from client_app_records
      where kind = 'session'`.execute(opened[0]!.database);
    return Number(rows[0]!.count);
  }

  beforeEach(async () => {
    opened = [];
    url =
      kind.name === 'SQLite'
        ? `sqlite:${join(mkdtempSync(join(tmpdir(), 'records-')), 'app.db')}`
        : await kind.database();
    [here, there] = (await Promise.all([open(), open()])).map(({ records }) => records) as [
      SharedRecords,
      SharedRecords,
    ];
  });
  afterEach(() => Promise.all(opened.map(({ database }) => database.destroy())));
  afterAll(() => kind.stop());

  it('is written by one and read by the other', async () => {
    await here.add('session', 'a', { user: 'baeldung' }, HOUR);
    expect(await there.read('session', 'a')).toEqual({ user: 'baeldung' });
    expect(await there.read('run', 'a')).toBeUndefined();
    await there.remove('session', 'a');
    expect(await here.read('session', 'a')).toBeUndefined();
  });

  it('is added once, whoever comes first, and again when it has expired', async () => {
    const all = [here, there, here, there].map((records) => records.add('login', 'state', '', HOUR));
    expect((await Promise.all(all)).filter((until) => until !== undefined)).toHaveLength(1);
    expect(await here.add('refresh', 'a', '', 0)).toBeDefined();
    expect(await there.add('refresh', 'a', '', HOUR)).toBeDefined();
  });

  it('is changed by one at a time, and no change is lost', async () => {
    await here.add('session', 'a', { count: 0 }, HOUR);
    const more = ({ count }: { count: number }): { count: number } => ({ count: count + 1 });
    await Promise.all(Array.from({ length: 20 }, (_, i) => [here, there][i % 2]!.change('session', 'a', more)));
    expect(await here.read('session', 'a')).toEqual({ count: 20 });
  });

  it('is not changed once it has ended or expired', async () => {
    await here.add('session', 'a', {}, HOUR);
    await there.remove('session', 'a');
    expect(await here.change('session', 'a', () => ({ back: true }))).toBe(false);
    await here.add('session', 'b', {}, 0);
    expect(await here.change('session', 'b', () => ({ back: true }))).toBe(false);
    expect([await here.read('session', 'a'), await here.read('session', 'b')]).toEqual([undefined, undefined]);
  });

  it('is removed by who added it, and not when another has it meanwhile', async () => {
    const mine = await here.add('refresh', 'a', '', 0);
    await there.add('refresh', 'a', '', HOUR);
    await here.remove('refresh', 'a', mine);
    expect(await here.add('refresh', 'a', '', HOUR)).toBeUndefined();
  });

  it('is bounded for each account: what it has not used for the longest time goes first, and nothing of others', async () => {
    const { database } = opened[0]!;
    await here.add('session', 'of another', '', HOUR, 'alice');
    await here.add('run', 'of another kind', '', HOUR, 'mallory');
    for (let i = 0; i < MOST_OF_ONE; i += 1) {
      await [here, there][i % 2]!.add('session', String(i), i, HOUR, 'mallory');
    }
    await sql`update client_app_records set used_at = used_at - ${HOUR}`.execute(database);
    await there.use('session', '0');
    await here.add('session', 'newest', '', HOUR, 'mallory');
    const kept = await Promise.all(
      ['0', '1', '2', 'newest'].map(async (id) => (await here.read('session', id)) !== undefined),
    );
    // of those that were used at the same time, any may go
    expect([kept[0], kept[3], await sessions()]).toEqual([true, true, MOST_OF_ONE + 1]);
    expect(await here.read('session', 'of another')).toBe('');
    expect(await here.read('run', 'of another kind')).toBe('');
  });

  it('is bounded, however many are added at once', async () => {
    const all = Array.from({ length: 4 * MOST_OF_ONE }, (_, i) =>
      [here, there][i % 2]!.add('session', String(i), '', HOUR, 'mallory'),
    );
    expect((await Promise.all(all)).includes(undefined)).toBe(false);
    await here.add('session', 'last', 'here', HOUR, 'mallory');
    expect(await sessions()).toBe(MOST_OF_ONE);
    expect(await there.read('session', 'last')).toBe('here');
  });

  it('is given to an account later', async () => {
    await here.add('login', 'given', '', HOUR);
    await here.give('login', 'given', 'mallory');
    await sql`update client_app_records set used_at = used_at - ${HOUR}`.execute(opened[0]!.database);
    for (let i = 0; i < MOST_OF_ONE; i += 1) {
      await here.add('login', String(i), '', HOUR);
      await there.give('login', String(i), 'mallory');
    }
    expect(await here.read('login', 'given')).toBeUndefined();
  });

  it('is read from a table of a version that knew no accounts, and goes on beside it', async () => {
    const { database } = opened[0]!;
    await here.add('session', 'old', 'kept', HOUR);
    await sql`drop index client_app_records_owned`.execute(database);
    await sql`alter table client_app_records drop column owner_hash`.execute(database);
    const { records } = await open();
    expect(await records.read('session', 'old')).toBe('kept');
    await records.add('session', 'new', 'too', HOUR, 'mallory');
    // as a replica of that version writes it
    await sql`insert into client_app_records (kind, id_hash, value, sealed_with, used_at, expires_at)
      select 'run', id_hash, value, sealed_with, used_at, expires_at from client_app_records where kind = 'session'`.execute(
      database,
    );
    expect(await records.read('session', 'new')).toBe('too');
  });

  it('is swept once it has expired', async () => {
    await Promise.all(Array.from({ length: 1200 }, (_, i) => here.add('run', String(i), '', 0)));
    await here.add('run', 'stays', 'here', HOUR);
    expect(await there.sweep()).toBe(1200);
    expect(await here.read('run', 'stays')).toBe('here');
  });

  it('is made once where it is to be the same for all', async () => {
    const makers = [here, there].map((records) => records.once('secret', () => Promise.resolve(newKey())));
    const [one, other] = await Promise.all(makers);
    expect(one).toBe(other);
  });

  it('counts, and gives no number twice', async () => {
    const numbers = await Promise.all([here, there, here, there].map((records) => records.next('replica')));
    expect(numbers.toSorted()).toEqual([1, 2, 3, 4]);
  });

  it('counts anew, for all, where the key of the last number is gone', async () => {
    await here.next('replica');
    const newest = newKey();
    await open([newest, ...encryptionKeys]);
    const { records } = await open([newest]);
    expect([await records.next('replica'), await records.next('replica')]).toEqual([1, 2]);
  });

  it('holds no id and no token that a dump would show', async () => {
    const token = randomBytes(16).toString('hex');
    await here.add('session', 'the-id-of-it', { token }, HOUR);
    const { rows } = await sql`select * from client_app_records`.execute(opened[0]!.database);
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`${token}|the-id-of-it`));
    expect(rows.length).toBeGreaterThan(1);
  });

  it('is not opened when it was moved to another row', async () => {
    await here.add('session', 'a', 'of a', HOUR);
    await here.add('session', 'b', 'of b', HOUR);
    await sql`update client_app_records set value = (select value from client_app_records where kind = 'session' limit 1)
      where kind = 'session'`.execute(opened[0]!.database);
    expect([await here.read('session', 'a'), await here.read('session', 'b')].filter(Boolean)).toHaveLength(1);
  });

  it('is opened by a new key and the old one; a replica with another key does not start', async () => {
    await here.add('session', 'a', 'kept', HOUR);
    const newest = newKey();
    const { records } = await open([newest, ...encryptionKeys]);
    expect(await records.read('session', 'a')).toBe('kept');
    await records.change('session', 'a', () => 'changed');
    const { records: later } = await open([newest]);
    expect(await later.read('session', 'a')).toBe('changed');
    await expect(open([newKey()])).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringContaining('ENCRYPTION_KEYS') as unknown,
    });
  });

  if (kind.name === 'PostgreSQL') {
    it('needs keys that are given: replicas could not read each other’s', async () => {
      await expect(openRecords({ url })).rejects.toThrow(/^ENCRYPTION_KEYS is missing; accepted: /);
    });
  }
});
