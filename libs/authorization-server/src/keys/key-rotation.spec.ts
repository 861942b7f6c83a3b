import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { decodeProtectedHeader } from 'jose';
import { KeyRotation, RotationTooEarly } from './key-rotation.js';
import { StoredSigningKeys } from './stored-signing-keys.js';

const DAY = 24 * 3600;
const schedule = { signFor: 30 * DAY, publishAhead: 3600, retireFor: 8 * 3600 };

describe('signing keys in the store', () => {
  let store: AuthorizationStore;
  let rotation: KeyRotation;
  let now: number;

  beforeEach(async () => {
    now = Math.floor(Date.now() / 1000);
    store = await openStore({ url: 'sqlite::memory:', clock: () => now, sweepInterval: 0 });
    rotation = new KeyRotation(store.keys, schedule, () => now);
  });

  afterEach(() => store.close());

  const states = async (algorithm = 'ES256'): Promise<string[]> =>
    (await store.keys.list())
      .filter((key) => key.algorithm === algorithm)
      .map(({ state }) => state)
      .toSorted();
  const steps = async (): Promise<string[]> => (await rotation.runDue()).map(({ step }) => step);
  const kidThatSigns = async (keys: StoredSigningKeys): Promise<string | undefined> =>
    decodeProtectedHeader(await keys.sign({ sub: 'a' }, { typ: 'at+jwt' })).kid;
  const replica = (): Promise<StoredSigningKeys> => StoredSigningKeys.open({ store: store.keys, rotation });

  it('the first key of each algorithm signs at once, the second waits published', async () => {
    expect(await steps()).toEqual(['begin', 'begin']);
    expect(await steps()).toEqual(['publish', 'publish']);
    expect(await steps()).toEqual([]);
    expect([await states('ES256'), await states('RS256')]).toEqual([
      ['published', 'signing'],
      ['published', 'signing'],
    ]);
  });

  it('on schedule: publish, sign, retire, remove, with a key published ahead of its time at every moment', async () => {
    await rotation.runDue();
    await rotation.runDue();
    now += schedule.signFor - 1;
    expect(await steps()).toEqual([]);
    now += 1;
    expect(await steps()).toEqual(['sign', 'publish', 'sign', 'publish']);
    expect(await states()).toEqual(['published', 'retired', 'signing']);
    now += schedule.retireFor - 1;
    expect(await steps()).toEqual([]);
    now += 1;
    expect(await steps()).toEqual(['remove', 'remove']);
    expect(await states()).toEqual(['published', 'signing']);
  });

  it('a key that was published too late for the schedule still waits until guards have it', async () => {
    await rotation.runDue();
    now += schedule.signFor;
    expect(await steps()).toEqual(['publish', 'publish']);
    now += schedule.publishAhead - 1;
    expect(await steps()).toEqual([]);
    now += 1;
    expect(await steps()).toEqual(['sign', 'publish', 'sign', 'publish']);
  });

  it('by hand: rotates before the time, but never to a key that guards may not have', async () => {
    await rotation.runDue();
    await rotation.runDue();
    await expect(rotation.rotate()).rejects.toThrow(RotationTooEarly);
    now += schedule.publishAhead;
    const before = (await store.keys.list()).find(({ state }) => state === 'signing');
    expect((await rotation.rotate()).map(({ step }) => step)).toEqual(['sign', 'publish', 'sign', 'publish']);
    expect((await store.keys.list()).find(({ kid }) => kid === before!.kid)?.state).toBe('retired');
  });

  it('removal in an emergency: the published key takes over, and another is published in its place', async () => {
    await rotation.runDue();
    await rotation.runDue();
    const keys = await replica();
    const removed = (await kidThatSigns(keys))!;
    expect((await rotation.remove(removed)).map(({ step }) => step)).toEqual(['remove', 'publish']);
    await keys.follow();
    expect(await kidThatSigns(keys)).not.toBe(removed);
    await expect(keys.verification.find({ alg: 'ES256', kid: removed })).rejects.toMatchObject({ code: 'unknown_key' });
  });

  it('replicas that rotate at the same moment do it once', async () => {
    const replicas = await Promise.all([replica(), replica(), replica()]);
    await Promise.all(replicas.map((keys) => keys.follow()));
    now += schedule.signFor;
    await Promise.all(replicas.map((keys) => keys.follow()));
    await Promise.all(replicas.map((keys) => keys.follow()));
    expect((await states()).filter((state) => state === 'signing')).toHaveLength(1);
    expect((await states()).filter((state) => state === 'retired')).toHaveLength(1);
    expect(new Set(await Promise.all(replicas.map(kidThatSigns))).size).toBe(1);
  });

  it('a replica learns of a change by the next look, and verifies what was signed before', async () => {
    const [one, other] = [await replica(), await replica()];
    await one.follow();
    now += schedule.signFor;
    const old = (await kidThatSigns(other))!;
    const replaced: string[] = [];
    other.onReplaced(() => replaced.push('replaced'));
    await one.follow();
    await other.follow();
    await other.follow();
    expect(replaced).toEqual(['replaced']);
    expect(await kidThatSigns(other)).toBe(await kidThatSigns(one));
    expect(await kidThatSigns(other)).not.toBe(old);
    await expect(other.verification.find({ alg: 'ES256', kid: old })).resolves.toBeDefined();
  });

  it('while the store is out, the keys at hand stay in use', async () => {
    const failures: unknown[] = [];
    const onFailure = (error: unknown) => failures.push(error);
    const keys = await StoredSigningKeys.open({ store: store.keys, rotation, onFailure });
    await store.close();
    await keys.follow();
    expect(failures).toHaveLength(1);
    expect(await kidThatSigns(keys)).toBeDefined();
    store = await openStore({ url: 'sqlite::memory:' });
  });
});
