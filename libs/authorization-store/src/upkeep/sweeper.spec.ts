import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import { DatabaseClock } from '../database/database-clock.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';
import { BatchSizes } from './batch-sizes.js';
import { Sweeper } from './sweeper.js';

const databases = await testDatabases();
const clockAt = (seconds: number): DatabaseClock => new DatabaseClock({ dialect: 'sqlite', clock: () => seconds });
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('the sweep on $name', (kind) => {
  afterAll(() => kind.stop());

  it('deletes what has expired, in bounded batches, and nothing else', async () => {
    let now = 1_000_000;
    const store = await openStore({ url: await kind.database(), encryptionKeys, clock: () => now, sweepInterval: 0 });
    const token = { clientId: 'c', subject: 's', audiences: ['a'] };
    for (let count = 0; count < 1_100; count += 1) await store.replay.use(`expires-${count}`, now + 10);
    await store.replay.use('stays', now + 1000);
    await store.tokens.record({ jti: 'expires', ...token, expiresAt: now + 10 });
    await store.tokens.record({ jti: 'stays', ...token, expiresAt: now + 1000 });
    await store.providerAdapter('Session').upsert('expires', { uid: 'u' }, 10);
    await store.providerAdapter('Client').upsert('stays', {});
    now += 600;
    expect(await store.sweep()).toBe(1_102);
    expect(await store.sweep()).toBe(0);
    expect(await store.tokens.find('stays')).toBeDefined();
    expect(await store.tokens.find('expires')).toBeUndefined();
    expect(await store.providerAdapter('Client').find('stays')).toBeDefined();
    expect(await store.replay.use('stays', now + 10)).toBe(false);
    await store.close();
  });

  it('has nothing left after one run, however much has expired', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'sweep-')), 'store.db');
    const url = kind.name === 'SQLite' ? `sqlite:${file}` : await kind.database();
    const store = await openStore({ url, encryptionKeys, sweepInterval: 0, clock: () => 1_000_000 });
    const database = connect(parseStoreUrl(url));
    for (let start = 0; start < 12_000; start += 1000) {
      const rows = Array.from({ length: 1000 }, (_, i) => ({ key_hash: `expired-${start + i}`, expires_at: 1 }));
      await database.insertInto('replays').values(rows).execute();
    }
    expect(await store.sweep()).toBe(12_000);
    await database.destroy();
    await store.close();
  });

  it('keeps what a living token came from, so that it ends with that', async () => {
    let now = 1_000_000;
    const store = await openStore({ url: await kind.database(), encryptionKeys, clock: () => now, sweepInterval: 0 });
    const token = { clientId: 'c', subject: 's', audiences: ['a'] };
    await store.tokens.record({ jti: 'first', ...token, grantId: 'login', expiresAt: now + 10 });
    await store.tokens.record({ jti: 'longer', parentJti: 'first', ...token, expiresAt: now + 1000 });
    now += 600;
    expect(await store.sweep()).toBe(0);
    await store.tokens.revokeByGrant('login');
    expect(await store.tokens.isRevoked('longer')).toBe(true);
    now += 1000;
    expect(await store.sweep()).toBe(2);
    await store.close();
  });

  it('keeps up with what is issued: a table holds what lives, and little else', async () => {
    let now = 1_000_000;
    const store = await openStore({ url: await kind.database(), encryptionKeys, clock: () => now, sweepInterval: 0 });
    const [life, each] = [1200, 60];
    for (let round = 0, issued = 0; round < 40; round += 1, now += each) {
      await Promise.all(Array.from({ length: 20 }, () => store.replay.use(`${issued++}`, now + life)));
      await store.sweep();
      const left = issued - store.sweeping.deleted.get('replays')!;
      const live = Math.min(issued, (life / each) * 20);
      expect(left).toBeLessThanOrEqual(1.5 * live);
    }
    expect(store.sweeping.deleted.get('replays')).toBeGreaterThan(100);
    await store.close();
  });

  it('tells what it has not come to: by how long the oldest row is late, and what it has deleted', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'sweep-')), 'store.db');
    const url = kind.name === 'SQLite' ? `sqlite:${file}` : await kind.database();
    const store = await openStore({ url, encryptionKeys, sweepInterval: 0, clock: () => 1_000_000 });
    const database = connect(parseStoreUrl(url));
    const sweeper = new Sweeper({ database, dialect: parseStoreUrl(url).dialect, clock: clockAt(1_000_000) });
    for (let start = 0; start < 6_000; start += 1000) {
      const rows = Array.from({ length: 1000 }, (_, i) => ({ key_hash: `expired-${start + i}`, expires_at: 999_000 }));
      await database.insertInto('replays').values(rows).execute();
    }
    // no time for more than one batch
    sweeper.start({ interval: 1_000_000, share: 1e-15 });
    const first = await sweeper.sweep();
    expect([first, sweeper.state.oldestDue.get('replays')]).toEqual([0, 700]);
    await sweeper.stop();
    expect(await store.sweep()).toBe(6_000);
    expect(store.sweeping.deleted.get('replays')).toBe(6_000);
    expect(new Set(store.sweeping.oldestDue.values())).toEqual(new Set([0]));
    await database.destroy();
    await store.close();
  });

  if (kind.name === 'PostgreSQL') {
    it('does not wait for who works on a row, and deletes it in the next run', async () => {
      const url = await kind.database();
      const store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
      const database = connect(parseStoreUrl(url));
      const replays = ['busy', 'free'].map((key_hash) => ({ key_hash, expires_at: 1 }));
      await database.insertInto('replays').values(replays).execute();
      await database.transaction().execute(async (transaction) => {
        await sql`select 1 from replays where key_hash = 'busy' for update`.execute(transaction);
        expect(await store.sweep()).toBe(1);
      });
      expect(await store.sweep()).toBe(1);
      await database.destroy();
      await store.close();
    });
  }

  it('leaves a mark that is renewed while it is swept', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'sweep-')), 'store.db');
    const url = kind.name === 'SQLite' ? `sqlite:${file}` : await kind.database();
    const store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    const database = connect(parseStoreUrl(url));
    const mark = { kind: 'token' as const, key: ' jti', marked_at: 1, expires_at: 1, applied_at: 1 };
    await database.insertInto('revocation_marks').values(mark).execute();
    const { sweeping } = await database.transaction().execute(async (transaction) => {
      const later = Math.floor(Date.now() / 1000) + 1000;
      await transaction.updateTable('revocation_marks').set({ expires_at: later }).execute();
      const sweeping = store.sweep();
      await setTimeout(300);
      return { sweeping };
    });
    expect(await sweeping).toBe(0);
    expect(await database.selectFrom('revocation_marks').select('key').execute()).toEqual([{ key: ' jti' }]);
    await database.destroy();
    await store.close();
  });
});

describe('the size of a batch', () => {
  it('does not follow from how long others had the connection', async () => {
    const url = `sqlite:${join(mkdtempSync(join(tmpdir(), 'sweep-')), 'store.db')}`;
    await (await openStore({ url, encryptionKeys, sweepInterval: 0 })).close();
    const database = connect(parseStoreUrl(url));
    const rows = Array.from({ length: 2000 }, (_, index) => ({ key_hash: `expired-${index}`, expires_at: 1 }));
    await database.insertInto('replays').values(rows).execute();
    const sweeping = new Sweeper({ database, dialect: 'sqlite', clock: clockAt(1_000_000) }).sweep();
    let isSwept = false;
    const done = sweeping.finally(() => (isSwept = true));
    let turns = 0;
    for (; !isSwept; turns += 1) await database.connection().execute(() => setTimeout(45));
    expect(await done).toBe(2000);
    // one for each table, and some more for this one; in the smallest batches there were 14 of these
    expect(turns).toBeLessThan(18);
    await database.destroy();
  });

  const sizes = async (
    batches: BatchSizes,
    work: (most: number) => Promise<number>,
    times: number,
  ): Promise<number[]> => {
    const asked: number[] = [];
    for (let i = 0; i < times; i += 1) {
      await batches.next('tokens', (most) => (asked.push(most), work(most))).catch(() => undefined);
    }
    return asked;
  };

  it('grows while a full one is quick, and stays where there was less to do', async () => {
    const batches = new BatchSizes('sqlite');
    const asked = await sizes(batches, (most) => Promise.resolve(most), 6);
    expect(asked.slice(0, 2)).toEqual([500, 1000]);
    expect(Math.max(...asked)).toBeLessThanOrEqual(5000);
    expect(await batches.next('replays', () => Promise.resolve(3))).toEqual({ done: 3, isFull: false });
  });

  it('shrinks where one was slow, and where it has failed after a while', async () => {
    const late = (): Promise<number> => setTimeout(50).then(() => Promise.reject(new Error('out of time')));
    expect(await sizes(new BatchSizes('sqlite'), late, 4)).toEqual([500, 250, 125, 100]);
  });
});
