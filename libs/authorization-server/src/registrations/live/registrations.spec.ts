import { beforeEach, describe, expect, it } from '@jest/globals';
import type {
  Life,
  Party,
  RegistrationSnapshot,
  RegistrationStore,
  StoredRegistration,
} from '@onbehalf/authorization-ports';
import { parseServerConfig } from '../../configuration/read-server-config.js';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import { Accounts } from '../../accounts/accounts.js';
import { hash } from '../documents/client-secrets.js';
import { LivePolicy } from '../../policy/live-policy.js';
import { Registrations } from './registrations.js';

const edge = {
  client: 'user-service',
  subjectAudience: 'user-service',
  target: 'message-service',
  mode: 'delegation',
  scopes: { 'message.read': {} },
};
const file = parseServerConfig(
  {
    resources: [{ audience: 'user-service' }, { audience: 'message-service', scopes: ['message.read'] }],
    clients: [
      {
        clientId: 'user-service',
        secret: 'in the file',
        grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
        represents: ['user-service'],
      },
    ],
    users: [
      { username: 'alice', passwordHash: 'scrypt$16384$8$1$c2FsdHNhbHQ$eAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    ],
    edges: [edge, { ...edge, maxDepth: 1 }, { ...edge, id: 'named' }],
  },
  {},
);

/** What another replica has written. */
class Written implements RegistrationStore {
  entries: StoredRegistration[] = [];
  asked = 0;
  available = true;
  generation = 0;
  lives: Life[] = [];
  readonly settled: { generation: number; ends: boolean }[] = [];
  #revision = 0;

  write(...entries: StoredRegistration[]): void {
    this.entries = entries;
    this.#revision += 1;
  }

  revision(): Promise<number> {
    return this.available ? Promise.resolve(this.#revision) : Promise.reject(new Error('the database is gone'));
  }

  snapshot(): Promise<RegistrationSnapshot> {
    this.asked += 1;
    const { entries: registrations, lives, generation } = this;
    return Promise.resolve({ revision: this.#revision, registrations, lives, generation, reloads: 0 });
  }

  settle(generation: number, parties: (all: readonly StoredRegistration[]) => readonly Party[], ends: boolean) {
    this.settled.push({ generation, ends });
    if (generation < this.generation) return Promise.resolve();
    this.lives = parties(this.entries).flatMap(({ enabled, ...life }) => (enabled ? [{ ...life, life: 1 }] : []));
    this.#revision += 1;
    return Promise.resolve();
  }

  reload(): Promise<void> {
    return Promise.reject(new Error('not asked here'));
  }

  apply(): Promise<readonly StoredRegistration[]> {
    return Promise.reject(new Error('not asked here'));
  }
}

describe('registrations in force', () => {
  let store: Written;
  let registrations: Registrations;
  let now: number;
  let failures: unknown[];

  beforeEach(async () => {
    store = new Written();
    now = 1_000_000;
    failures = [];
    const onFailure = (error: unknown): void => void failures.push(error);
    registrations = await Registrations.open({ file, store, clock: () => now, onFailure });
  });

  const client = (document: object): StoredRegistration => ({
    kind: 'client',
    id: 'user-service',
    version: 1,
    document: { ...registrations.current.find('client', 'user-service')!.document, ...document },
  });

  it('are those of the file at first', () => {
    expect(registrations.current.config.users).toMatchObject(file.users);
    expect(registrations.acceptsSecret('user-service', 'in the file')).toBe(true);
    expect(registrations.acceptsSecret('user-service', 'guessed')).toBe(false);
    expect(registrations.acceptsSecret('nobody', '')).toBe(false);
  });

  it('never show the secret of the file, nor accept what they show', () => {
    const shown = registrations.current.config.clients[0]!.secret!;
    expect(JSON.stringify(registrations.current.config)).not.toContain('in the file');
    expect(registrations.acceptsSecret('user-service', shown)).toBe(false);
  });

  it.each<[string, string, object, RegExp]>([
    ['an id with NUL', 'a\0b', {}, /^id: /],
    ['an id with a space at its end', 'shop ', {}, /^id: /],
    ['an id that is not ASCII', 'bücher', {}, /^id: /],
    ['an id that no object can hold', '__proto__', {}, /^id: /],
    ['a fragment in a redirect URI', 'shop', { redirectUris: ['https://a.example/#b'] }, /^redirectUris\.0: /],
    [
      'a fragment in place of a client of the file',
      'user-service',
      { redirectUris: ['https://a.example/#b'] },
      /^redirectUris/,
    ],
    ['secrets that are none', 'shop', { secrets: 'none' }, /^secrets: /],
    ['a grant that nobody knows', 'shop', { grantTypes: ['password'] }, /^grantTypes\.0: /],
  ])('leave out what is stored with %s, and name it', async (_, id, odd, reason) => {
    const good = client({});
    store.write({ ...client(odd), id, version: 7 }, { ...good, id: 'good' });
    await registrations.follow();
    const { unfit, config } = registrations.current;
    expect(unfit).toEqual([expect.objectContaining({ kind: 'client', id, reason: expect.stringMatching(reason) })]);
    expect(config.clients.map(({ clientId }) => clientId)).toContain('good');
    expect(config.clients.map(({ clientId }) => clientId)).not.toContain(id);
    // for operators, who can delete it
    expect(registrations.current.find('client', id)).toMatchObject({
      version: 7,
      document: { enabled: false, secrets: [] },
    });
  });

  it('every edge has a name, also without one in the file', () => {
    const name = 'user-service:user-service:message-service:delegation';
    expect(registrations.current.list('edge').map(({ id }) => id)).toEqual([name, `${name}:2`, 'named']);
  });

  it('follow what is written elsewhere, in place of the file or beside it', async () => {
    const policy = new LivePolicy(registrations);
    store.write(client({ enabled: false }), {
      kind: 'user',
      id: 'bob',
      version: 1,
      document: {
        passwordHash: 'scrypt$16384$8$1$c2FsdHNhbHQ$eQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
        enabled: true,
        protected: false,
      },
    });
    await registrations.follow();
    expect(policy.client('user-service')?.enabled).toBe(false);
    expect(registrations.current.config.users.map(({ username }) => username)).toEqual(['alice', 'bob']);
    expect(registrations.current.find('client', 'user-service')?.version).toBe(1);
    store.write();
    await registrations.follow();
    expect(policy.client('user-service')?.enabled).toBe(true);
  });

  it('a disabled edge is none', async () => {
    const policy = new LivePolicy(registrations);
    expect(policy.edges('user-service', ['user-service'], 'message-service')).toHaveLength(3);
    const named = registrations.current.find('edge', 'named')!;
    store.write({ ...named, version: 1, document: { ...named.document, enabled: false } });
    await registrations.follow();
    expect(policy.edges('user-service', ['user-service'], 'message-service')).toHaveLength(2);
  });

  it('are read again only when something has changed', async () => {
    const { asked } = store;
    await registrations.follow();
    await registrations.follow();
    expect(store.asked).toBe(asked);
  });

  it('the secret of the file holds beside stored ones, until it is told to end', async () => {
    store.write(client({ secrets: [{ hash: hash('stored') }], fileSecretExpiresAt: now + 60 }));
    await registrations.follow();
    const accepted = (): boolean[] =>
      ['in the file', 'stored'].map((secret) => registrations.acceptsSecret('user-service', secret));
    expect(accepted()).toEqual([true, true]);
    now += 60;
    expect(accepted()).toEqual([false, true]);
  });

  it.each<[string, (store: Written) => void]>([
    ['while the store does not answer', (store) => (store.available = false)],
    [
      'when it holds what nobody understands',
      (store) => store.write({ kind: 'resource', id: 'x', version: 1, document: { newer: true } }),
    ],
  ])('stay as they are %s, and say so', async (_, happens) => {
    happens(store);
    await registrations.follow();
    expect(registrations.current.config.users).toMatchObject(file.users);
    expect(failures).toHaveLength(1);
  });
});

describe('an account', () => {
  const [alice] = file.users;
  const accounts = new Accounts([]);

  it.each([
    ['that is enabled', { ...alice!, life: 1 }, true],
    ['that is disabled', { ...alice!, enabled: false }, false],
  ])('%s is active: %s', (_, user, active) => {
    accounts.replace([user]);
    expect(accounts.active('alice') !== undefined).toBe(active);
    expect(accounts.active('nobody')).toBeUndefined();
  });
});

describe('a file', () => {
  const told: object[] = [];
  const open = (store: Written, config: ServerConfig) =>
    Registrations.open({ file: config, store, clock: () => 1, onOldFile: (old) => void told.push(old) });
  beforeEach(() => void (told.length = 0));
  const nobody = parseServerConfig({}, {});

  it('that is the newest ends lives, and nothing is said of it', async () => {
    const store = new Written();
    store.generation = 2;
    await open(store, { ...file, generation: 2 });
    expect([store.settled, told]).toEqual([[{ generation: 2, ends: true }], []]);
  });

  it('that is older than one that was settled ends nobody, says so, and lets in who leads a life', async () => {
    const store = new Written();
    store.generation = 2;
    const { current } = await open(store, { ...file, generation: 1 });
    expect(told).toEqual([{ generation: 1, newest: 2, empty: false }]);
    expect(current.config.users.map(({ enabled }) => enabled)).toEqual([false]);
    expect(current.config.clients.map(({ enabled }) => enabled)).toEqual([false]);
  });

  it('without a number is older than any with one', async () => {
    const store = new Written();
    store.generation = 1;
    await open(store, file);
    expect(told).toEqual([{ generation: 0, newest: 1, empty: false }]);
  });

  it('in which nobody is registered ends nobody, and says so', async () => {
    const store = new Written();
    await open(store, nobody);
    expect([store.settled, told]).toEqual([
      [{ generation: 0, ends: false }],
      [{ generation: 0, newest: 0, empty: true }],
    ]);
  });

  it('with another password than its account has by now lets nobody in by it, and the account stays', async () => {
    const store = new Written();
    store.generation = 2;
    store.lives = [{ kind: 'user', id: 'alice', life: 1, credential: 'of a newer file' }];
    const [alice] = (await open(store, { ...file, generation: 1 })).current.config.users;
    expect(alice).toMatchObject({ enabled: true, outdated: true, life: 1 });
  });
});
