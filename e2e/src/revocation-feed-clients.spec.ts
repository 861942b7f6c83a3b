import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrantType } from '@onbehalf/oauth-protocol';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { type Answer, type Fields, postForm } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { until } from './until.js';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const FEED = { tokens: [], cursor: expect.any(String) };

@Controller()
class ReportController {
  @Get('report')
  read(): string {
    return 'hello';
  }
}

describe('POST /oauth2/revocations: clients that authenticate in the body', () => {
  let system: System;
  let key: CryptoKey;
  let stranger: CryptoKey;

  const url = (path: string): string => `${system.url('auth-server')}${path}`;
  const feed = (fields: Fields): Promise<Answer> => postForm(url('/oauth2/revocations'), fields);

  beforeAll(async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    key = pair.privateKey;
    stranger = (await generateKeyPair('ES256')).privateKey;
    const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'ES256', use: 'sig' }] };
    const service = { grantTypes: [GrantType.ClientCredentials], scopes: ['report.read'], defaultResource: 'reports' };
    const config = {
      resources: [{ audience: 'reports', scopes: ['report.read'] }],
      clients: [
        { ...service, clientId: 'reports', authentication: 'private_key_jwt', jwks, represents: ['reports'] },
        { ...service, clientId: 'reader', authentication: 'private_key_jwt', jwks },
        { ...service, clientId: 'by-post', authentication: 'client_secret_post', secret: 's', represents: ['reports'] },
        {
          clientId: 'public',
          authentication: 'none',
          grantTypes: ['authorization_code'],
          redirectUris: ['http://localhost:1/callback'],
          scopes: ['openid'],
        },
      ],
    };
    const path = join(mkdtempSync(join(tmpdir(), 'feed-clients-')), 'config.json');
    writeFileSync(path, JSON.stringify(config));
    system = await (await System.onFreePorts({ AUTH_SERVER_CONFIG: path })).up('auth-server');
  }, 60_000);

  afterAll(() => system.down());

  async function assertion(claims: JWTPayload = {}, signer = key, client = 'reports'): Promise<Fields> {
    const now = Math.floor(Date.now() / 1000);
    const own = { iss: client, sub: client, aud: system.url('auth-server'), jti: randomUUID(), iat: now };
    const jwt = new SignJWT({ ...own, exp: now + 60, ...claims }).setProtectedHeader({ alg: 'ES256' });
    return { client_assertion_type: ASSERTION_TYPE, client_assertion: await jwt.sign(signer) };
  }

  it('RFC 7523 §2.2: private_key_jwt is accepted, and the cursor travels in the form', async () => {
    const first = await feed(await assertion());
    expect([first.status, first.body]).toEqual([200, FEED]);
    expect(first.headers.get('cache-control')).toBe('no-store');
    const next = await feed({ ...(await assertion()), since: String(first.body['cursor']) });
    expect([next.status, next.body]).toEqual([200, { tokens: [], cursor: first.body['cursor'] }]);
    const wrong = await feed({ ...(await assertion()), since: 'x' });
    expect([wrong.status, wrong.body['error']]).toEqual([400, 'invalid_request']);
  });

  it('RFC 6749 §2.3.1: client_secret_post is accepted', async () => {
    expect((await feed({ client_id: 'by-post', client_secret: 's' })).body).toEqual(FEED);
  });

  it('RFC 7523 §3: an assertion is used once, at whichever endpoint', async () => {
    const here = await assertion();
    expect((await feed(here)).status).toBe(200);
    expect((await feed(here)).status).toBe(401);
    const there = await assertion();
    const form = { ...there, grant_type: GrantType.ClientCredentials, scope: 'report.read' };
    expect((await postForm(url('/oauth2/token'), form)).status).toBe(200);
    expect((await feed(there)).status).toBe(401);
  });

  it.each<[string, () => Promise<Fields> | Fields]>([
    ['for the token endpoint', () => assertion({ aud: url('/oauth2/token') })],
    ['for the feed', () => assertion({ aud: url('/oauth2/revocations') })],
    ['for the issuer among others', () => assertion({ aud: [system.url('auth-server'), 'https://other.test'] })],
    ['that has expired', () => assertion({ exp: Math.floor(Date.now() / 1000) - 61 })],
    ['without a jti', () => assertion({ jti: undefined })],
    ['of another key', () => assertion({}, stranger)],
    ['of another issuer', () => assertion({ iss: 'reader' })],
    ['of nobody', () => assertion({}, key, 'nobody')],
    ['that is no JWT', () => ({ client_assertion_type: ASSERTION_TYPE, client_assertion: 'x' })],
    ['of another type', async () => ({ ...(await assertion()), client_assertion_type: 'other' })],
    ['beside a secret', async () => ({ ...(await assertion()), client_secret: 's' })],
  ])('an assertion %s is invalid_client', async (_, fields) => {
    const { status, body, headers } = await feed(await fields());
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
    expect(headers.get('www-authenticate')).toBe('Basic realm="revocations"');
  });

  it.each<[string, Fields]>([
    ['only says who it is', { client_id: 'by-post' }],
    ['is public', { client_id: 'public' }],
    ['says nothing', {}],
    ['has a wrong secret', { client_id: 'by-post', client_secret: 'wrong' }],
  ])('a client that %s is invalid_client', async (_, fields) => {
    const { status, body } = await feed(fields);
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
  });

  it('no assertion is taken from a URL', async () => {
    const query = new URLSearchParams((await assertion()) as Record<string, string>).toString();
    expect((await fetch(url(`/oauth2/revocations?${query}`))).status).toBe(401);
  });

  it('a client that is no resource server is unauthorized_client', async () => {
    const { status, body } = await feed(await assertion({}, key, 'reader'));
    expect([status, body['error']]).toEqual([403, 'unauthorized_client']);
  });

  it('a guard with the key of its service follows the feed', async () => {
    const privateKey = { ...(await exportJWK(key)), alg: 'ES256' };
    const revocationFeed = { url: url('/oauth2/revocations'), client: { clientId: 'reports', privateKey } };
    const options = { issuer: system.url('auth-server'), audience: 'reports', global: true, revocationFeed };
    @Module({ imports: [ResourceServerModule.forRoot(options)], controllers: [ReportController] })
    class GuardedModule {}
    const app: INestApplication<Server> = await NestFactory.create(GuardedModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    try {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const grant = { grant_type: GrantType.ClientCredentials, scope: 'report.read' };
      const { body } = await postForm(url('/oauth2/token'), { ...grant, ...(await assertion()) });
      const authorization = `Bearer ${String(body['access_token'])}`;
      const call = async (): Promise<number> =>
        (await fetch(`http://127.0.0.1:${port}/report`, { headers: { authorization } })).status;
      expect(await call()).toBe(200);
      await postForm(url('/oauth2/revoke'), { token: String(body['access_token']), ...(await assertion()) });
      await until(async () => (await call()) === 401, 5000);
    } finally {
      await app.close();
    }
  }, 20_000);

  it('what a client sends is not in the log', async () => {
    const { client_assertion: sent } = await assertion({}, stranger);
    await feed({ client_assertion_type: ASSERTION_TYPE, client_assertion: sent! });
    await system.app('auth-server').printed('revocations.error');
    expect(system.output()).not.toContain(String(sent));
  });
});
