import { afterAll, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing';
import { openStore } from './open-store.js';

const databases = await testDatabases();
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
});
