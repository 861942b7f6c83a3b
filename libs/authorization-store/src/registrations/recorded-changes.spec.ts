import { VersionConflict } from '@onbehalf/authorization-ports';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('what is recorded in the transaction that stores it, on $name', (kind) => {
  let store: AuthorizationStore;
  beforeEach(async () => {
    store = await openStore({ url: await kind.database(), encryptionKeys });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  const told = async (type: string) =>
    (await store.audit.query({ type })).records.map(({ event }) => event['id'] ?? event['operation']);
  const change = (id: string, version?: number) =>
    store.registrations.apply(
      [{ kind: 'client', id, document: {}, ...(version === undefined ? {} : { version }) }],
      undefined,
      { type: 'registration_change', ...{ id } },
    );

  it('a change of a registration that was made, and none of one that lost against another', async () => {
    await change('app');
    await expect(change('app', 7)).rejects.toThrow(VersionConflict);
    const both = await Promise.allSettled([change('app', 1), change('app', 1)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await told('registration_change')).toEqual(['app', 'app']);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
  });

  it('nothing of a change that is refused by whoever looks at the whole', async () => {
    const refuse = () => {
      throw new Error('does not fit');
    };
    const event = { type: 'registration_change' };
    const refused = store.registrations.apply([{ kind: 'client', id: 'app', document: {} }], refuse, event);
    await expect(refused).rejects.toThrow('does not fit');
    expect(await told('registration_change')).toEqual([]);
  });

  it('changes one after the other among records of other things, and nobody fails for one that is refused', async () => {
    const others = Array.from({ length: 50 }, (_, index) =>
      store.audit.append({ type: 'other', ...{ id: `${index}` } }),
    );
    const changes = Array.from({ length: 10 }, (_, index) => change(index < 5 ? 'same' : `c-${index}`));
    const more = Array.from({ length: 50 }, (_, index) =>
      store.audit.append({ type: 'other', ...{ id: `+${index}` } }),
    );
    await Promise.all([...others, ...more]);
    const settled = await Promise.allSettled(changes);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
    expect(await told('registration_change')).toHaveLength(6);
    expect(await told('other')).toHaveLength(100);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
  });

  it('the steps of a signing key, and none that was refused', async () => {
    const key = (kid: string) => ({ kid, algorithm: 'ES256', publicJwk: { kid }, privateJwk: { kid } });
    expect(await store.keys.begin(key('first'))).toBe(true);
    expect(await store.keys.begin(key('late'))).toBe(false);
    await expect(store.keys.remove('first')).rejects.toThrow('signs');
    await store.keys.publish(key('second'));
    await store.keys.remove('first');
    const { records } = await store.audit.query({ type: 'key_change' });
    expect(records.map(({ event }) => [event['operation'], event['keyId']])).toEqual([
      ['remove', 'first'],
      ['sign', 'second'],
      ['publish', 'second'],
      ['begin', 'first'],
    ]);
  });

  it('a revocation', async () => {
    await store.tokens.record({
      jti: 't',
      clientId: 'c',
      subject: 's',
      audiences: [],
      expiresAt: Date.now() / 1000 + 60,
    });
    const event = { type: 'revocation', ...{ id: 't' } };
    expect(await store.tokens.revoke('t', undefined, event)).toBe(1);
    expect(await store.tokens.isRevoked('t')).toBe(true);
    expect(await told('revocation')).toEqual(['t']);
  });

  describe('what the provider stores', () => {
    const login = { type: 'login', ...{ id: 'alice' } };
    const save = () => store.providerAdapter('Interaction').upsert('uid', { result: {} }, 60);

    it('the first of it takes the event with it, once', async () => {
      await store.recordWith(login, async () => {
        await save();
        await store.providerAdapter('Session').upsert('id', {}, 60);
      });
      expect(await told('login')).toEqual(['alice']);
      expect(await store.providerAdapter('Interaction').find('uid')).toBeDefined();
    });

    it('an event without anything stored stands for itself', async () => {
      await store.recordWith(login, () => Promise.resolve());
      expect(await told('login')).toEqual(['alice']);
    });

    it('nothing is told of work that fails before it has stored anything', async () => {
      await expect(store.recordWith(login, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
      expect(await told('login')).toEqual([]);
    });

    it('nothing is stored when the trail takes no more', async () => {
      const refused = store.recordWith({ ...login, clientId: 'c' }, async () => {
        await store.close();
        await save();
      });
      await expect(refused).rejects.toThrow('closed');
    });
  });
});
