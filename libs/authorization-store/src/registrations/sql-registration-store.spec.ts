import { type StoredRegistration, VersionConflict } from '@onbehalf/authorization-ports';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('registrations on $name', (kind) => {
  let store: AuthorizationStore;
  let now = 1_000_000;
  beforeEach(async () => {
    now = 1_000_000;
    store = await openStore({ url: await kind.database(), encryptionKeys, clock: () => now });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());
  const client = (id: string, version?: number, document: object = { name: id }) =>
    store.registrations.apply([{ kind: 'client', id, document, ...(version === undefined ? {} : { version }) }]);

  it('are created, changed and deleted, each time on the version that was read', async () => {
    const [created] = await client('app', undefined, { scopes: ['a'] });
    expect(created).toEqual({ kind: 'client', id: 'app', version: 1, document: { scopes: ['a'] } });
    now += 10;
    const [changed] = await client('app', 1, { scopes: ['a', 'b'] });
    expect(changed).toMatchObject({ version: 2 });
    expect(await store.registrations.find('client', 'app')).toEqual(changed);
    await store.registrations.apply([{ kind: 'client', id: 'app', version: 2 }]);
    expect(await store.registrations.find('client', 'app')).toBeUndefined();
  });

  it.each<[string, number | undefined, number | undefined]>([
    ['a second creation', undefined, 1],
    ['a change of an older version', 0, 1],
    ['a change of a version to come', 2, 1],
  ])('refuse %s and tell the current version', async (_name, version, current) => {
    await client('app');
    const conflict: unknown = await client('app', version).catch((error: unknown) => error);
    expect(conflict).toBeInstanceOf(VersionConflict);
    expect(conflict).toMatchObject({ kind: 'client', id: 'app', currentVersion: current });
  });

  it('refuse to change and to delete what does not exist', async () => {
    await expect(client('unknown', 1)).rejects.toThrow(VersionConflict);
    await expect(store.registrations.apply([{ kind: 'client', id: 'unknown', version: 1 }])).rejects.toThrow(
      VersionConflict,
    );
  });

  it('let one of two changes of the same version through', async () => {
    await client('app');
    const changes = await Promise.allSettled([client('app', 1, { by: 'first' }), client('app', 1, { by: 'second' })]);
    expect(changes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await store.registrations.find('client', 'app')).toMatchObject({ version: 2 });
  });

  it('apply all changes or none', async () => {
    await client('app');
    const set = [
      { kind: 'resource', id: 'api', document: {} },
      { kind: 'client', id: 'app', version: 7, document: {} },
    ] as const;
    await expect(store.registrations.apply(set)).rejects.toThrow(VersionConflict);
    expect(await store.registrations.find('resource', 'api')).toBeUndefined();
  });

  it('are checked as a whole, also against a change that is made at the same time', async () => {
    const known = (all: readonly StoredRegistration[]) => {
      const clients = new Set(all.filter(({ kind }) => kind === 'client').map(({ id }) => id));
      const edge = all.find(({ kind, document }) => kind === 'edge' && !clients.has(document['client'] as string));
      if (edge) throw new Error(`edge ${edge.id} names an unknown client`);
      return [];
    };
    await client('app');
    const changes = await Promise.allSettled([
      store.registrations.apply([{ kind: 'client', id: 'app', version: 1 }], known),
      store.registrations.apply([{ kind: 'edge', id: 'e', document: { client: 'app' } }], known),
    ]);
    expect(changes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(() => known([])).not.toThrow();
    known((await store.registrations.snapshot()).registrations);
  });

  it('raise the revision with each change that was made, and only then', async () => {
    const first = await store.registrations.revision();
    await client('app');
    const second = await store.registrations.revision();
    expect(second).toBeGreaterThan(first);
    await expect(client('app')).rejects.toThrow();
    expect(await store.registrations.revision()).toBe(second);
    expect(await store.registrations.snapshot()).toMatchObject({ revision: second, registrations: [{ id: 'app' }] });
  });
});
