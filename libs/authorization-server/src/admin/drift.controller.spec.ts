import { randomBytes } from 'node:crypto';
import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { GrantType } from '@onbehalf/oauth-protocol';
import { basic, postForm } from '@onbehalf/testing-internal';
import { parseServerConfig } from '../configuration/read-server-config.js';
import { AuthorizationServerTesting } from '../testing/authorization-server-testing.js';

type Document = Record<string, unknown>;

const secret = randomBytes(16).toString('hex');
const SCOPES = ['registrations.read', 'registrations.write'];
const operator = {
  clientId: 'operator',
  secret,
  grantTypes: [GrantType.ClientCredentials],
  scopes: SCOPES,
  defaultResource: 'auth-server',
};
const job = { grantTypes: [GrantType.ClientCredentials], scopes: ['stock.read'], defaultResource: 'stock' };
const resources = [
  { audience: 'auth-server', scopes: SCOPES },
  { audience: 'orders', scopes: ['orders.read'] },
  { audience: 'stock', scopes: ['stock.read'] },
];
const file = { resources, clients: [operator, { clientId: 'job', secret, ...job }] };

describe('operators over HTTP', () => {
  let written: Document;
  let store: AuthorizationStore;
  let server: AuthorizationServerTesting;

  beforeEach(async () => {
    written = file;
    const storage = async (issuer: string) => (store = await openStore({ url: 'sqlite::memory:', issuer }));
    const readAgain = () => ({ config: parseServerConfig(written, {}) });
    server = await AuthorizationServerTesting.start(file, storage, { readAgain });
  });
  afterEach(() => server.close());

  const send = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const form = { grant_type: GrantType.ClientCredentials, scope: SCOPES.join(' ') };
    const authorization = { authorization: basic('operator', secret) };
    const { body: answer } = await postForm(`${server.issuer}/oauth2/token`, form, authorization);
    const response = await fetch(`${server.issuer}/admin/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${String(answer['access_token'])}`,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Document };
  };
  const drift = async () => (await send('GET', 'drift')).body['drift'];
  const reload = async (next: Document) => {
    written = next;
    expect((await send('POST', 'reload')).status).toBe(200);
  };

  it('do not disable the last of them: 403 tells what to do, and nothing has changed', async () => {
    const { status, body } = await send('POST', 'clients/operator/disable');
    expect(status).toBe(403);
    expect(body).toEqual({
      error: 'access_denied',
      error_description: expect.stringContaining('nobody would be left'),
    });
    expect((await send('GET', 'clients/operator')).body).toMatchObject({ enabled: true, origin: 'file' });
    await reload({ ...file, clients: [...file.clients, { ...operator, clientId: 'deputy' }] });
    expect((await send('POST', 'clients/deputy/disable')).status).toBe(200);
    expect((await send('POST', 'clients/operator/disable')).status).toBe(403);
  });

  it('see no drift where file and store are one', async () => {
    expect(await drift()).toEqual([]);
  });

  it('see what the store has in place of the file', async () => {
    await send('POST', 'clients/job/disable');
    expect(await drift()).toEqual([{ kind: 'client', id: 'job', state: 'replaced', differs: ['enabled'] }]);
    expect((await send('GET', 'clients/job')).body).toMatchObject({ file: { counts: false, differs: ['enabled'] } });
  });

  it('see what names something that has left the file', async () => {
    const depot = { grantTypes: [GrantType.TokenExchange], represents: ['orders'] };
    expect((await send('PUT', 'clients/depot', depot, { 'if-none-match': '*' })).status).toBe(201);
    await reload({ ...file, resources: resources.filter(({ audience }) => audience !== 'orders') });
    expect(await drift()).toEqual([
      { kind: 'client', id: 'depot', state: 'stale', reason: expect.stringContaining('"orders"') },
    ]);
  });

  it('see what this version would not store', async () => {
    const document = { grantTypes: [GrantType.ClientCredentials], redirectUris: ['https://shop.example/#back'] };
    await store.registrations.apply([{ kind: 'client', id: 'shop', document }]);
    expect(await drift()).toEqual([
      { kind: 'client', id: 'shop', state: 'unfit', reason: expect.stringContaining('redirectUris') },
    ]);
  });

  it('see what leads to operators, of whom the file alone tells', async () => {
    expect((await send('PUT', 'clients/deputy', job, { 'if-none-match': '*' })).status).toBe(201);
    await reload({ ...file, clients: [...file.clients, { ...operator, clientId: 'deputy' }] });
    expect(await drift()).toEqual([
      { kind: 'client', id: 'deputy', state: 'replaced', differs: [] },
      { kind: 'client', id: 'deputy', state: 'overruled' },
    ]);
  });
});
