import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import {
  onBehalfOf,
  springAuthorizationServer,
  TokenExchangeService,
  type TokenExchangeOptions,
} from '@onbehalf/token-exchange-client';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { createTestCluster, logIn, type TestCluster } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { JWT } from './jwt-pattern.js';

const EXCHANGE = GrantType.TokenExchange;
const own = { scopes: ['user.read'], defaultResource: 'user-service', represents: ['user-service'] };
const edge = {
  subjectAudience: 'user-service',
  target: 'message-service',
  mode: 'delegation',
  scopes: { 'message.read': { requires: ['user.read'] } },
};

/** A server that knows one client for each way to ask it. */
const configuration = (publicJwk: JWK, cluster: TestCluster): object => ({
  trustedIssuers: [cluster.trusted],
  resources: [
    { audience: 'user-service', scopes: ['user.read'] },
    { audience: 'message-service', resource: 'https://messages.example/', scopes: ['message.read'] },
  ],
  clients: [
    { clientId: 'user', secret: 'user-secret', grantTypes: ['client_credentials'], ...own },
    { clientId: 'by-basic', secret: 's&cr=t: +%', grantTypes: [EXCHANGE], ...own },
    {
      clientId: 'by-post',
      authentication: 'client_secret_post',
      secret: 's&cr=t: +%',
      grantTypes: [EXCHANGE],
      ...own,
    },
    {
      clientId: 'by-key',
      authentication: 'private_key_jwt',
      jwks: { keys: [publicJwk] },
      grantTypes: [EXCHANGE],
      ...own,
    },
    {
      clientId: 'by-workload',
      authentication: 'private_key_jwt',
      workload: { issuer: cluster.issuer, subject: 'system:serviceaccount:shop:user-service' },
      grantTypes: [EXCHANGE],
      ...own,
    },
    { clientId: 'bound', secret: 'bound-secret', dpopBound: true, grantTypes: [EXCHANGE], ...own },
    { clientId: 'with-actor', secret: 'actor-secret', grantTypes: ['client_credentials', EXCHANGE], ...own },
  ],
  edges: [
    ...['by-basic', 'by-post', 'by-key', 'by-workload', 'bound'].map((client) => ({
      ...edge,
      client,
      actor: 'client',
    })),
    { ...edge, client: 'with-actor', actor: 'actor_token' },
  ],
  dpop: { requireNonce: true },
});

describe('the client library against the authorization server', () => {
  const file = join(tmpdir(), `onbehalf-${randomUUID()}.json`);
  let system: System;
  let privateJwk: JWK;
  let cluster: TestCluster;
  let subjectToken: string;

  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    privateJwk = await exportJWK(privateKey);
    const publicJwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256', use: 'sig' };
    cluster = await createTestCluster();
    await writeFile(file, JSON.stringify(configuration(publicJwk, cluster)));
    system = await (await System.onFreePorts({ AUTH_SERVER_CONFIG: file })).up('auth-server');
    const user = clientOf({ method: 'client_secret_basic', clientId: 'user', clientSecret: 'user-secret' });
    subjectToken = (await user.serviceToken({ scope: 'user.read' })).token;
  }, 60_000);

  afterAll(async () => {
    await system.down();
    await rm(file, { force: true });
  });

  function clientOf(
    clientAuthentication: TokenExchangeOptions['clientAuthentication'],
    more: Partial<TokenExchangeOptions> = {},
  ): TokenExchangeService {
    return new TokenExchangeService({
      issuer: system.url('auth-server'),
      clientAuthentication,
      timeout: 10_000,
      ...more,
    });
  }

  const basic = (clientId: string, clientSecret: string) =>
    ({ method: 'client_secret_basic', clientId, clientSecret }) as const;
  const target = { audience: 'message-service', scope: 'message.read' };

  it.each<[string, () => TokenExchangeOptions['clientAuthentication']]>([
    ['client_secret_basic', () => basic('by-basic', 's&cr=t: +%')],
    ['client_secret_post', () => ({ method: 'client_secret_post', clientId: 'by-post', clientSecret: 's&cr=t: +%' })],
    [
      'private_key_jwt',
      () => ({
        method: 'private_key_jwt',
        clientId: 'by-key',
        key: { algorithm: 'ES256', keyId: 'key-1', jwk: privateJwk },
      }),
    ],
  ])('%s, the endpoint found by discovery', async (_method, authentication) => {
    const clientAuthentication = authentication();
    const token = await clientOf(clientAuthentication).exchange({ subjectToken, ...target });
    expect(token.tokenType).toBe('Bearer');
    expect(token.claims()).toMatchObject({
      sub: 'user',
      aud: 'message-service',
      scope: 'message.read',
      client_id: clientAuthentication.clientId,
      act: { sub: clientAuthentication.clientId },
    });
  });

  it('the token of a Kubernetes service account, as it stands in its file at each exchange', async () => {
    const assertionFile = join(tmpdir(), `onbehalf-${randomUUID()}.jwt`);
    const mount = async (account: string): Promise<void> =>
      writeFile(assertionFile, await cluster.token(account, system.url('auth-server')));
    await mount('shop/user-service');
    const service = clientOf({ method: 'private_key_jwt', clientId: 'by-workload', assertionFile });
    // one that is not in the cache
    const fresh = async () => (await clientOf(basic('user', 'user-secret')).serviceToken({ scope: 'user.read' })).token;
    const acting = async () => (await service.exchange({ subjectToken: await fresh(), ...target })).claims()?.['act'];
    expect(await acting()).toMatchObject({ sub: 'by-workload' });
    await mount('shop/thief');
    await expect(acting()).rejects.toMatchObject({ name: 'ExchangeRefused', error: 'invalid_client', status: 401 });
    await mount('shop/user-service');
    expect(await acting()).toMatchObject({ sub: 'by-workload' });
    const seen = system.app('auth-server').lines.filter((line) => line.includes('workload.authenticated'));
    expect(seen).toHaveLength(2);
    expect(seen.join()).not.toMatch(JWT);
    await rm(assertionFile);
  });

  it('the target as a resource', async () => {
    const service = clientOf(basic('by-basic', 's&cr=t: +%'));
    const token = await service.exchange({
      subjectToken,
      resource: 'https://messages.example/',
      scope: 'message.read',
    });
    expect([token.claims()?.aud].flat()[0]).toMatch(/message/);
  });

  it('DPoP, with the nonce that the server demands', async () => {
    const service = clientOf(basic('bound', 'bound-secret'), { dpop: true });
    const token = await service.exchange({ subjectToken, ...target });
    expect(token.tokenType).toBe('DPoP');
    expect(token.claims()?.['cnf']).toEqual({ jkt: await service.source.dpop?.thumbprint() });
  });

  it('DPoP with a key of one’s own', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const dpop = { key: { algorithm: 'ES256', jwk: await exportJWK(privateKey) }, publicJwk } as const;
    const token = await clientOf(basic('bound', 'bound-secret'), { dpop }).exchange({ subjectToken, ...target });
    expect(token.claims()?.['cnf']).toEqual({ jkt: await calculateJwkThumbprint(publicJwk) });
  });

  it('this service as the actor, by its own token', async () => {
    const service = clientOf(basic('with-actor', 'actor-secret'));
    const messages = service.downstream({ name: 'message-service', ...target, actor: 'service' });
    expect(await onBehalfOf(subjectToken, () => messages.exchangedClaims())).toMatchObject({
      sub: 'user',
      act: { sub: 'with-actor' },
    });
  });

  it.each([
    ['a wrong secret', { ...target }, 'invalid_client', 'wrong'],
    ['an unknown target', { audience: 'nobody' }, 'invalid_target', undefined],
    ['a scope that nobody grants', { ...target, scope: 'message.write' }, 'invalid_scope', undefined],
  ])('%s is a refusal with the code of the RFC', async (_case, parameters, error, secret) => {
    const service = clientOf(basic('by-basic', secret ?? 's&cr=t: +%'));
    await expect(service.exchange({ subjectToken, ...parameters })).rejects.toMatchObject({
      name: 'ExchangeRefused',
      error,
    });
  });

  it('a token that the server has not issued is refused, and its text stays out of the error', async () => {
    const forged = `${subjectToken.slice(0, -8)}AAAAAAAA`;
    const refused = clientOf(basic('by-basic', 's&cr=t: +%')).exchange({ subjectToken: forged, ...target });
    await expect(refused).rejects.toMatchObject({ error: 'invalid_request' });
    await refused.catch((error: unknown) => expect(String(error)).not.toContain(forged.split('.')[1]));
  });
});

describe('the client library with the wiring of the Spring article', () => {
  it('exchanges as Spring’s own client does, without an audience', async () => {
    const system = await (await System.onFreePorts({ AUTH_SERVER_CONFIG: 'spring-article' })).up('auth-server');
    try {
      const issuer = system.url('auth-server');
      const redirectUri = `${system.url('client-app')}/client/login/oauth2/code/messaging-client-oidc`;
      const { body } = await logIn({
        issuer,
        clientId: 'user-service',
        redirectUri,
        scope: 'openid profile user.read',
      });
      const service = new TokenExchangeService({
        issuer,
        preset: springAuthorizationServer,
        clientAuthentication: { method: 'client_secret_basic', clientId: 'message-service', clientSecret: 'token' },
        timeout: 10_000,
      });
      const token = await service.exchange({ subjectToken: String(body['access_token']), scope: 'message.read' });
      expect(token.claims()).toMatchObject({ sub: 'baeldung', scope: 'message.read', client_id: 'message-service' });
    } finally {
      await system.down();
    }
  }, 60_000);
});
