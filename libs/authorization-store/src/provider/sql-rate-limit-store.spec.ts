import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('rate limits on $name', (kind) => {
  let store: AuthorizationStore;
  let now = 1_000_000;
  beforeEach(async () => {
    now = 1_000_000;
    store = await openStore({ url: await kind.database(), encryptionKeys, clock: () => now });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  it('count each of many concurrent hits', async () => {
    const counts = await Promise.all(Array.from({ length: 50 }, () => store.rateLimits.hit('key', 60)));
    expect(counts.map(({ hits }) => hits).sort((a, b) => a - b)).toEqual(counts.map((_, index) => index + 1));
    expect(await store.rateLimits.hit('other', 60)).toEqual({ hits: 1, resetIn: 60 });
  });

  it('begin anew when the window is over, and tell when that is', async () => {
    await store.rateLimits.hit('key', 60);
    now += 45;
    expect(await store.rateLimits.hit('key', 60)).toEqual({ hits: 2, resetIn: 15 });
    now += 15;
    expect(await store.rateLimits.hit('key', 60)).toEqual({ hits: 1, resetIn: 60 });
  });

  it('count several at once, and take back what was counted in this window', async () => {
    expect(await store.rateLimits.hit('key', 60, 5)).toMatchObject({ hits: 5 });
    expect(await store.rateLimits.hit('key', 60, -2)).toMatchObject({ hits: 3 });
    now += 60;
    expect(await store.rateLimits.hit('key', 60, -1)).toMatchObject({ hits: 0 });
    expect(await store.rateLimits.hit('never counted', 60, -1)).toMatchObject({ hits: 0 });
  });

  it('store nothing for whoever only looks', async () => {
    expect(await store.rateLimits.hit('key', 60, 0)).toEqual({ hits: 0, resetIn: 60 });
    now += 1000;
    expect(await store.sweep()).toBe(0);
    await store.rateLimits.hit('key', 60, 3);
    expect(await store.rateLimits.hit('key', 60, 0)).toEqual({ hits: 3, resetIn: 60 });
  });

  it('forget a key on demand, and are swept', async () => {
    await store.rateLimits.hit('key', 60);
    await store.rateLimits.forget('key');
    expect(await store.rateLimits.hit('key', 60)).toMatchObject({ hits: 1 });
    now += 1000;
    expect(await store.sweep()).toBe(1);
  });
});
