import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { GrantType, ConfigurationError } from '@onbehalf/oauth-protocol';
import { testDatabases } from '@onbehalf/testing-internal';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseServerConfig } from '../../configuration/read-server-config.js';
import { driftOf } from '../drift/drift.js';
import { LastOperator } from './operators-left.js';
import { OutOfReach } from './out-of-reach.js';
import { RegistrationChanges } from './registration-changes.js';
import { RegistrationDocuments } from '../documents/registration-documents.js';
import { Registrations } from '../live/registrations.js';
import { RegistrationsByCommand } from './registrations-by-command.js';

const OPERATOR = { subject: 'operator', clientId: 'operator' };
const WRITE = { scopes: ['registrations.write'], defaultResource: 'auth-server' };
const secret = 'in the file';
const client = (clientId: string, more: object = {}) => ({
  clientId,
  secret,
  grantTypes: [GrantType.ClientCredentials],
  ...more,
});
const exchanger = (clientId: string, represents: string[] = []) =>
  client(clientId, { grantTypes: [GrantType.TokenExchange], represents });
const user = (username: string, more: object = {}) => ({
  username,
  passwordHash: `scrypt$65536$8$2$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  ...more,
});

const file = {
  resources: [
    { audience: 'auth-server', scopes: ['registrations.write', 'metrics.read'] },
    { audience: 'orders', scopes: ['order.read'] },
    { audience: 'stock', scopes: ['stock.read'] },
  ],
  clients: [
    client('operator', WRITE),
    client('prometheus', { scopes: ['metrics.read'], defaultResource: 'auth-server' }),
    exchanger('shop', ['orders']),
    exchanger('depot'),
  ],
  users: [user('alice')],
  edges: [{ id: 'sale', client: 'shop', subjectAudience: 'orders', target: 'stock', mode: 'delegation', scopes: {} }],
};
const withoutStock = { ...file, resources: file.resources.slice(0, 2), edges: [] };

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('changes of registrations, on $name', (kind) => {
  let store: AuthorizationStore;
  const documents = new RegistrationDocuments();
  const exchangerInput = (represented: string) =>
    documents.sent.client.parse({ grantTypes: [GrantType.TokenExchange], represents: [represented] });
  let now: number;

  beforeEach(async () => {
    now = 1_900_000_000;
    store = await openStore({ url: await kind.database(), encryptionKeys, sweepInterval: 0 });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  /** A server that starts with this file. */
  const start = async (raw: object = file, failures: unknown[] = []) => {
    const config = parseServerConfig(raw, {});
    const shared = { file: config, store: store.registrations, documents, clock: () => now };
    const onFailure = (error: unknown): void => void failures.push(error);
    const registrations = await Registrations.open({ ...shared, onFailure });
    const changes = new RegistrationChanges({ ...shared, registrations, issuer: 'http://localhost' });
    return { registrations, changes, failures };
  };
  const byCommand = (raw: object = file) => {
    const config = parseServerConfig(raw, {});
    return RegistrationsByCommand.open({
      file: config,
      store: store.registrations,
      sections: [],
      issuer: 'http://localhost',
    });
  };
  /** The store as it is after `depot` got an edge to a resource that has left the file. */
  const withStale = async () => {
    const { changes } = await start();
    await changes.put('client', 'depot', 0, exchangerInput('stock'), OPERATOR);
    return start(withoutStock);
  };

  describe('of which one names what has left the file', () => {
    it.each<['client' | 'user', string]>([
      ['client', 'shop'],
      ['user', 'alice'],
      ['client', 'depot'],
    ])('%s %s is disabled all the same', async (kindOf, id) => {
      const { changes, registrations } = await withStale();
      expect((await changes.setEnabled(kindOf, id, false, OPERATOR)).document['enabled']).toBe(false);
      expect(registrations.current.party(kindOf, id).enabled).toBe(false);
    });

    it('others get new secrets, are replaced and created, and the stale one is deleted', async () => {
      const { changes, registrations } = await withStale();
      await changes.rotateSecret('shop', 0, OPERATOR);
      await changes.rotateSecret('depot', 0, OPERATOR);
      const input = documents.sent.client.parse({ grantTypes: [GrantType.ClientCredentials] });
      await changes.put('client', 'new', undefined, input, OPERATOR);
      const { version } = registrations.current.find('client', 'depot')!;
      await changes.remove('client', 'depot', version, OPERATOR);
      expect(driftOf(registrations.current, []).map(({ state }) => state)).not.toContain('stale');
    });

    it('neither the stale one is enabled or replaced as it is, nor is anything else made stale', async () => {
      const { changes, registrations } = await withStale();
      await changes.setEnabled('client', 'depot', false, OPERATOR);
      await expect(changes.setEnabled('client', 'depot', true, OPERATOR)).rejects.toThrow(ConfigurationError);
      const { version } = registrations.current.find('client', 'shop')!;
      await expect(changes.put('client', 'shop', version, exchangerInput('stock'), OPERATOR)).rejects.toThrow(
        /"stock"/,
      );
    });

    it('it is told as drift, with the reason', async () => {
      const { registrations } = await withStale();
      const stale = driftOf(registrations.current, []).find(({ state }) => state === 'stale');
      expect(stale).toEqual({
        kind: 'client',
        id: 'depot',
        state: 'stale',
        reason: expect.stringContaining('represents[0] is "stock"'),
      });
    });
  });

  it('what a newer version has stored stops no other change; what was known of it goes on, except that it is shut out', async () => {
    const { changes, registrations, failures } = await start();
    const { document } = registrations.current.find('client', 'shop')!;
    const newer = { kind: 'client', id: 'shop', document: { ...document, onlyOnSundays: true } } as const;
    await store.registrations.apply([newer]);
    await changes.setEnabled('user', 'alice', false, OPERATOR);
    expect(registrations.current.party('user', 'alice').enabled).toBe(false);
    expect(registrations.current.party('client', 'shop').enabled).toBe(true);
    expect(failures).toContainEqual(expect.objectContaining({ given: 'onlyOnSundays' }));
    await expect(changes.setEnabled('client', 'shop', true, OPERATOR)).rejects.toThrow('onlyOnSundays');
    await changes.setEnabled('client', 'shop', false, OPERATOR);
    expect(registrations.current.party('client', 'shop').enabled).toBe(false);
    // and nothing of what the newer version means is lost
    const stored = (await store.registrations.snapshot()).registrations.find(({ id }) => id === 'shop')!;
    expect(stored.document).toEqual({ ...newer.document, enabled: false });
  });

  describe('that concern operators', () => {
    it('the last one is not disabled, and the second of two is not either, whichever replica is asked', async () => {
      const two = { ...file, clients: [...file.clients, client('deputy', WRITE)] };
      const [one, other] = [await start(two), await start(two)];
      const both = await Promise.allSettled([
        one.changes.setEnabled('client', 'operator', false, OPERATOR),
        other.changes.setEnabled('client', 'deputy', false, OPERATOR),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const [refused] = both.filter((result) => result.status === 'rejected');
      expect(refused?.reason).toBeInstanceOf(LastOperator);
    });

    const app = client('console', {
      grantTypes: [GrantType.AuthorizationCode],
      redirectUris: ['http://localhost/'],
      ...WRITE,
    });
    const byUser = { clients: [app], users: [user('root', { entitledScopes: WRITE.scopes })] };
    const byExchange = {
      clients: [client('feeder', { scopes: ['order.read'], defaultResource: 'orders' }), exchanger('desk', ['orders'])],
      edges: [
        {
          id: 'way',
          client: 'desk',
          subjectAudience: 'orders',
          target: 'auth-server',
          mode: 'delegation',
          scopes: { 'registrations.write': {} },
        },
      ],
    };
    it.each<[string, object, 'client' | 'user' | 'edge', string]>([
      ['the user of the last client', byUser, 'user', 'root'],
      ['the client of the last user', byUser, 'client', 'console'],
      ['the edge of the last way', byExchange, 'edge', 'way'],
      ['the client of the last way', byExchange, 'client', 'desk'],
      ['the source of the last way', byExchange, 'client', 'feeder'],
    ])('%s is not disabled', async (_, members, kindOf, id) => {
      const { changes } = await start({ resources: file.resources, ...members });
      await expect(changes.setEnabled(kindOf, id, false, OPERATOR)).rejects.toThrow(LastOperator);
    });

    it('a command disables the last one, and lets it in again', async () => {
      const { registrations } = await start();
      const command = await byCommand();
      const isIn = async (): Promise<boolean> => {
        await registrations.follow();
        return registrations.current.config.clients.find(({ clientId }) => clientId === 'operator')!.enabled;
      };
      await command.setEnabled('client', 'operator', false);
      expect(await isIn()).toBe(false);
      await command.setEnabled('client', 'operator', true);
      expect(await isIn()).toBe(true);
      const { records } = await store.audit.query({ type: 'registration_change' });
      expect(records.map(({ event }) => [event['operation'], event['operator']])).toEqual([
        ['enable', expect.stringMatching(/^command:/)],
        ['disable', expect.stringMatching(/^command:/)],
      ]);
    });

    it.each(['operator', 'prometheus'])(
      'a command gives %s a new secret, and the old one holds for the overlap',
      async (id) => {
        const { registrations, changes } = await start();
        await expect(changes.rotateSecret(id, 60, OPERATOR)).rejects.toThrow(OutOfReach);
        const { secret: fresh, expiresAt } = await (await byCommand()).rotateSecret(id, 60);
        await registrations.follow();
        const accepted = (): boolean[] => [secret, fresh].map((each) => registrations.acceptsSecret(id, each));
        now = expiresAt - 1;
        expect(accepted()).toEqual([true, true]);
        now = expiresAt;
        expect(accepted()).toEqual([false, true]);
        expect(driftOf(registrations.current, [])).toEqual([{ kind: 'client', id, state: 'replaced', differs: [] }]);
      },
    );

    it('a secret that was made over HTTP before the file made its client an operator lets nobody in', async () => {
      const before = { ...file, clients: [...file.clients, client('deputy')] };
      const { secret: made } = await (await start(before)).changes.rotateSecret('deputy', 60, OPERATOR);
      const { registrations } = await start({ ...file, clients: [...file.clients, client('deputy', WRITE)] });
      expect(registrations.acceptsSecret('deputy', made)).toBe(false);
      expect(registrations.acceptsSecret('deputy', secret)).toBe(true);
    });
  });

  it('a command begins and ends nobody, whatever file it is given', async () => {
    await start();
    const before = (await store.registrations.snapshot()).lives;
    await byCommand({ clients: [client('operator')] });
    expect((await store.registrations.snapshot()).lives).toEqual(before);
  });

  it('what the store has otherwise than the file is told with its members', async () => {
    const { changes, registrations } = await start();
    await changes.setEnabled('client', 'shop', false, OPERATOR);
    expect(driftOf(registrations.current, [])).toEqual([
      { kind: 'client', id: 'shop', state: 'replaced', differs: ['enabled'] },
    ]);
  });
});
