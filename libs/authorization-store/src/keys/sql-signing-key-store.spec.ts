import { KeyTransitionRefused, type NewKey } from '@onbehalf/authorization-ports';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('signing keys on $name', (kind) => {
  let store: AuthorizationStore;
  let now = 1_000_000;
  const key = (kid: string, algorithm = 'ES256'): NewKey => ({
    kid,
    algorithm,
    publicJwk: { kid, kty: 'EC', x: 'x' },
    privateJwk: { kid, kty: 'EC', x: 'x', d: 'private' },
  });
  const states = async () => Object.fromEntries((await store.keys.list()).map(({ kid, state }) => [kid, state]));
  beforeEach(async () => {
    now = 1_000_000;
    store = await openStore({ url: await kind.database(), encryptionKeys, clock: () => now });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  it('lets exactly one replica make the first key of an algorithm', async () => {
    const begun = await Promise.all(Array.from({ length: 10 }, (_, index) => store.keys.begin(key(`k${index}`))));
    expect(begun.filter((first) => first)).toHaveLength(1);
    expect(Object.values(await states())).toEqual(['signing']);
    expect(await store.keys.begin(key('rsa', 'RS256'))).toBe(true);
  });

  it('goes through publish, sign, retire and remove, and tells when', async () => {
    await store.keys.begin(key('old'));
    now += 100;
    await store.keys.publish(key('new'));
    expect(await states()).toEqual({ old: 'signing', new: 'published' });
    now += 100;
    await store.keys.sign('new');
    expect(await store.keys.list()).toEqual([
      { ...key('old'), state: 'retired', publishedAt: 1_000_000, signingAt: 1_000_000, retiredAt: 1_000_200 },
      { ...key('new'), state: 'signing', publishedAt: 1_000_100, signingAt: 1_000_200 },
    ]);
    await store.keys.remove('old');
    expect(await states()).toEqual({ new: 'signing' });
  });

  it('keeps the keys of two algorithms apart', async () => {
    await store.keys.begin(key('ec'));
    await store.keys.begin(key('rsa', 'RS256'));
    await store.keys.publish(key('rsa2', 'RS256'));
    await store.keys.sign('rsa2');
    expect(await states()).toEqual({ ec: 'signing', rsa: 'retired', rsa2: 'signing' });
  });

  it('lets a published key take over when the one that signs is removed in an emergency', async () => {
    await store.keys.begin(key('leaked'));
    await expect(store.keys.remove('leaked')).rejects.toThrow(KeyTransitionRefused);
    await store.keys.publish(key('next'));
    await store.keys.remove('leaked');
    expect(await states()).toEqual({ next: 'signing' });
  });

  it('refuses steps that the state does not allow', async () => {
    await store.keys.begin(key('a'));
    await expect(store.keys.sign('a')).rejects.toThrow('The signing key a is signing, not published');
    await expect(store.keys.sign('unknown')).rejects.toThrow('The signing key unknown does not exist');
    await store.keys.publish(key('b'));
    await store.keys.sign('b');
    await store.keys.remove('a');
    await expect(store.keys.sign('a')).rejects.toThrow('is removed');
    await expect(store.keys.publish(key('a'))).rejects.toThrow();
  });

  it('rotates once when two replicas rotate at the same time', async () => {
    await store.keys.begin(key('old'));
    await store.keys.publish(key('new'));
    const steps = await Promise.allSettled([store.keys.sign('new'), store.keys.sign('new')]);
    expect(steps.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await states()).toEqual({ old: 'retired', new: 'signing' });
  });

  it('raises the revision with each change and with nothing else', async () => {
    const revisions = [await store.keys.revision()];
    await store.keys.begin(key('a'));
    revisions.push(await store.keys.revision());
    await store.keys.publish(key('b'));
    revisions.push(await store.keys.revision());
    await store.keys.list();
    await expect(store.keys.sign('a')).rejects.toThrow();
    expect(await store.keys.revision()).toBe(revisions[2]);
    expect(new Set(revisions).size).toBe(3);
  });

  it('gives all replicas the same shared secret', async () => {
    let made = 0;
    const get = () => store.secrets.get('cookies', () => `secret-${++made}`);
    const secrets = await Promise.all(Array.from({ length: 10 }, get));
    expect(new Set([...secrets, await get()]).size).toBe(1);
    expect(await store.secrets.get('other', () => 'another')).toBe('another');
  });
});
