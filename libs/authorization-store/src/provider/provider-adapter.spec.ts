import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';
import { AlreadyConsumed } from './provider-adapter.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('the provider adapter on $name', (kind) => {
  let store: AuthorizationStore;
  let now = 1_000_000;
  beforeEach(async () => {
    now = 1_000_000;
    store = await openStore({ url: await kind.database(), encryptionKeys, clock: () => now });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  it('gives back what was saved, until it is destroyed', async () => {
    const sessions = store.providerAdapter('Session');
    const payload = { jti: 'cookie', uid: 'uid-1', accountId: 'baeldung', authorizations: { app: { sid: 's' } } };
    await sessions.upsert('cookie', payload, 60);
    expect(await sessions.find('cookie')).toEqual(payload);
    await sessions.destroy('cookie');
    expect(await sessions.find('cookie')).toBeUndefined();
  });

  it('keeps models apart', async () => {
    await store.providerAdapter('Session').upsert('same-id', { uid: 'u' }, 60);
    expect(await store.providerAdapter('Interaction').find('same-id')).toBeUndefined();
    expect(await store.providerAdapter('Interaction').findByUid('u')).toBeUndefined();
  });

  it('finds a session by uid and a device code by user code, with the id inside', async () => {
    await store.providerAdapter('Session').upsert('cookie', { jti: 'cookie', uid: 'uid-1' }, 60);
    await store.providerAdapter('DeviceCode').upsert('device', { jti: 'device', userCode: 'BCDF' }, 60);
    expect(await store.providerAdapter('Session').findByUid('uid-1')).toEqual({ jti: 'cookie', uid: 'uid-1' });
    expect(await store.providerAdapter('DeviceCode').findByUserCode('BCDF')).toMatchObject({ jti: 'device' });
  });

  it('replaces on a second save', async () => {
    const grants = store.providerAdapter('Grant');
    await grants.upsert('g', { jti: 'g', openid: { scope: 'openid' } }, 60);
    await grants.upsert('g', { jti: 'g', openid: { scope: 'openid profile' } }, 60);
    expect(await grants.find('g')).toEqual({ jti: 'g', openid: { scope: 'openid profile' } });
  });

  it('forgets what has expired, with a minute for the clocks, and keeps what does not expire', async () => {
    await store.providerAdapter('AccessToken').upsert('short', { jti: 'short' }, 10);
    await store.providerAdapter('Client').upsert('client', { client_id: 'client' });
    now += 69;
    expect(await store.providerAdapter('AccessToken').find('short')).toBeDefined();
    now += 1;
    expect(await store.providerAdapter('AccessToken').find('short')).toBeUndefined();
    now += 1_000_000;
    expect(await store.providerAdapter('Client').find('client')).toEqual({ client_id: 'client' });
  });

  it('revokes what a grant gave, and neither the grant itself nor what another one gave', async () => {
    const models = ['AccessToken', 'RefreshToken', 'AuthorizationCode'];
    for (const model of models) await store.providerAdapter(model).upsert(model, { grantId: 'g' }, 60);
    await store.providerAdapter('RefreshToken').upsert('other', { grantId: 'h' }, 60);
    await store.providerAdapter('Interaction').upsert('interaction', { grantId: 'g' }, 60);
    await store.providerAdapter('RefreshToken').revokeByGrantId('g');
    for (const model of models) expect(await store.providerAdapter(model).find(model)).toBeUndefined();
    expect(await store.providerAdapter('RefreshToken').find('other')).toBeDefined();
    expect(await store.providerAdapter('Interaction').find('interaction')).toBeDefined();
  });

  describe('RFC 6749 §4.1.2: the client MUST NOT use the authorization code more than once', () => {
    it('lets exactly one of fifty concurrent uses through', async () => {
      const codes = store.providerAdapter('AuthorizationCode');
      await codes.upsert('code', { jti: 'code', grantId: 'g' }, 60);
      const uses = await Promise.allSettled(Array.from({ length: 50 }, () => codes.consume('code')));
      expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await codes.find('code')).toEqual({ jti: 'code', grantId: 'g', consumed: now });
    });

    it('answers a second use as invalid_grant with status 400, as the provider reads errors', async () => {
      const codes = store.providerAdapter('AuthorizationCode');
      await codes.upsert('code', { jti: 'code' }, 60);
      await codes.consume('code');
      const error: unknown = await codes.consume('code').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(AlreadyConsumed);
      expect(error).toMatchObject({ message: 'invalid_grant', error: 'invalid_grant', statusCode: 400, expose: true });
    });

    it('refuses to consume what does not exist', async () => {
      await expect(store.providerAdapter('RefreshToken').consume('unknown')).rejects.toThrow(AlreadyConsumed);
    });

    it('does not make a used token usable by saving it again', async () => {
      const tokens = store.providerAdapter('RefreshToken');
      await tokens.upsert('token', { jti: 'token' }, 60);
      await tokens.consume('token');
      await tokens.upsert('token', { jti: 'token' }, 60);
      await expect(tokens.consume('token')).rejects.toThrow(AlreadyConsumed);
      expect(await tokens.find('token')).toMatchObject({ consumed: now });
    });
  });

  it('saves a replay record once, however many save it at the same time, and again after it has expired', async () => {
    const replays = store.providerAdapter('ReplayDetection');
    const save = () => replays.upsert('jti', { jti: 'jti', iss: 'client' }, 30);
    const saves = await Promise.allSettled(Array.from({ length: 20 }, save));
    expect(saves.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    now += 91;
    await expect(save()).resolves.toBeUndefined();
  });
});
