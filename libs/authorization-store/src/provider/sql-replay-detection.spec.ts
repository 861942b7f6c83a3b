import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { requirement, testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('replay detection on $name', (kind) => {
  let store: AuthorizationStore;
  let now = 1_000_000;
  beforeEach(async () => {
    now = 1_000_000;
    store = await openStore({ url: await kind.database(), encryptionKeys, clock: () => now });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  it(`${requirement('RFC9449-11.1-replay', 'requests for which the jti value has been seen before are declined')}, all but one of fifty at once`, async () => {
    const uses = await Promise.all(Array.from({ length: 50 }, () => store.replay.use('jti', now + 60)));
    expect(uses.filter((first) => first)).toHaveLength(1);
  });

  it('keeps keys apart that look alike when joined', async () => {
    expect(await store.replay.use(JSON.stringify(['ab', 'c']), now + 60)).toBe(true);
    expect(await store.replay.use(JSON.stringify(['a', 'bc']), now + 60)).toBe(true);
  });

  it('remembers a use up to and including its last second', async () => {
    expect(await store.replay.use('jti', now + 60)).toBe(true);
    now += 60;
    expect(await store.replay.use('jti', now + 60)).toBe(false);
    now += 1;
    expect(await store.replay.use('jti', now + 60)).toBe(true);
  });

  it('keeps a use whose row the sweep has met before its time', async () => {
    expect(await store.replay.use('jti', now + 60)).toBe(true);
    expect(await store.sweep()).toBe(0);
    expect(await store.replay.use('jti', now + 60)).toBe(false);
  });
});
