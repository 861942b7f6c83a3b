import { randomBytes } from 'node:crypto';
import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { AuthorizationServerTesting } from '@onbehalf/authorization-server';
import { openStore } from '@onbehalf/authorization-store';
import { basic, compareReadme, postForm } from '@onbehalf/testing-internal';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';

const secret = randomBytes(16).toString('hex');
const config = {
  resources: [
    { audience: 'orders', scopes: ['orders.read'] },
    { audience: 'stock', scopes: ['stock.read'] },
  ],
  clients: [
    {
      clientId: 'orders',
      secret,
      grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      represents: ['orders'],
    },
  ],
  users: [{ username: 'alice', passwordHash: `scrypt$16384$8$1$${'c2FsdHNhbHRzYWx0c2FsdA'}$${'e'.repeat(43)}` }],
  edges: [
    { client: 'orders', subjectAudience: 'orders', target: 'stock', mode: 'delegation', scopes: { 'stock.read': {} } },
  ],
};

it('gives tokens of a real server in three lines, which it exchanges', async () => {
  const verified: string[] = [];
  const others = ["const issuer = 'https://login.example.com';", '@Injectable()', "@Controller('orders')"];
  expect(compareReadme(import.meta.url, others, '../../README.md')).toEqual({ notQuoted: [], notTested: [] });
  // #region testing
  const storage = (issuer: string) => openStore({ url: 'sqlite::memory:', issuer });
  await using server = await AuthorizationServerTesting.start(config, storage);
  const token = await server.token({ subject: 'alice', clientId: 'web', audience: 'orders', scopes: ['orders.read'] });
  // #endregion
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth2/jwks`));
  const { payload } = await jwtVerify(token, keys, { issuer: server.issuer, audience: 'orders', typ: 'at+jwt' });
  verified.push(String(payload.sub));
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: 'stock',
  };
  const { body } = await postForm(`${server.issuer}/oauth2/token`, form, { authorization: basic('orders', secret) });
  expect(decodeJwt(String(body['access_token']))).toMatchObject({ sub: 'alice', aud: 'stock', act: { sub: 'orders' } });
  expect(verified).toEqual(['alice']);
});

it('does not start with what the file may not say, and leaves nothing open', async () => {
  let closed = 0;
  const storage = async (issuer: string) => {
    const store = await openStore({ url: 'sqlite::memory:', issuer });
    const close = store.close.bind(store);
    return Object.assign(store, { close: () => ((closed += 1), close()) });
  };
  await expect(AuthorizationServerTesting.start({ clients: [{}] }, storage)).rejects.toThrow('clients[0].clientId');
  expect(closed).toBe(1);
});
