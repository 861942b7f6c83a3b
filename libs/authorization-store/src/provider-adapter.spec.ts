import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuthorizationStore } from './authorization-store.js';
import { openStore } from './open-store.js';
import { AlreadyConsumed } from './provider-adapter.js';

describe('the provider adapter', () => {
  let store: AuthorizationStore;
  beforeAll(async () => {
    store = await openStore({ url: 'sqlite::memory:' });
  });
  afterAll(() => store.close());

  it('gives back what was saved, until it is destroyed', async () => {
    const sessions = store.providerAdapter('Session');
    await sessions.upsert('cookie', { jti: 'cookie', uid: 'uid-1', accountId: 'baeldung' }, 60);
    expect(await sessions.find('cookie')).toEqual({ jti: 'cookie', uid: 'uid-1', accountId: 'baeldung' });
    expect(await sessions.findByUid('uid-1')).toMatchObject({ jti: 'cookie' });
    expect(await store.providerAdapter('Interaction').find('cookie')).toBeUndefined();
    await sessions.destroy('cookie');
    expect(await sessions.find('cookie')).toBeUndefined();
  });

  it('lets exactly one of many concurrent uses of a code through', async () => {
    const codes = store.providerAdapter('AuthorizationCode');
    await codes.upsert('code', { jti: 'code', grantId: 'g' }, 60);
    const uses = await Promise.allSettled(Array.from({ length: 50 }, () => codes.consume('code')));
    expect(uses.filter((use) => use.status === 'fulfilled')).toHaveLength(1);
    expect(uses.find((use) => use.status === 'rejected')).toMatchObject({
      reason: expect.any(AlreadyConsumed) as unknown,
    });
    expect(await codes.find('code')).toMatchObject({ consumed: expect.any(Number) as unknown });
  });
});
