import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type ServedTestIssuer, type TokenOverrides } from '@onbehalf/testing';
import {
  basic,
  createTestCluster,
  logIn,
  obtainCode,
  postForm,
  requirement,
  type Answer,
  type Fields,
} from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { AuthorizationServer } from '../../authorization-server.js';
import { AuthorizationServerModule } from '../../authorization-server.module.js';
import { hashPassword } from '../../accounts/password.js';
import { parseServerConfig } from '../../configuration/read-server-config.js';
import { ForeignIssuers } from '../../exchange/foreign-issuers.js';
import { SigningKeys } from '../../keys/signing-keys.js';
import { WorkloadIdentities } from './workload-identity.js';

const listening = createServer().listen(0, '127.0.0.1');
await once(listening, 'listening');
const ISSUER = `http://localhost:${(listening.address() as AddressInfo).port}`;
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const REDIRECT = 'http://127.0.0.1:9999/callback';
const [secret, password] = [randomBytes(24).toString('hex'), randomBytes(16).toString('hex')];
const cluster = await createTestCluster();
const other = await createTestCluster('https://other.cluster.test');
const unreachable = 'https://unreachable.cluster.test';

const workload = (serviceAccount: string, more: object = {}) => ({
  authentication: 'private_key_jwt',
  workload: { issuer: cluster.issuer, subject: `system:serviceaccount:${serviceAccount}`, ...more },
});

describe('RFC 7523 §2.2: a client that its platform knows', () => {
  const url = ISSUER;
  let app: NestExpressApplication;
  let discovered: ServedTestIssuer;
  const store = openStore({ url: 'sqlite::memory:', issuer: ISSUER, sweepInterval: 0 });
  const lines: object[] = [];
  const warnings: object[] = [];

  beforeAll(async () => {
    discovered = await createTestIssuer({ http: true, algorithm: 'RS256' });
    const grants = {
      grantTypes: [GrantType.ClientCredentials, GrantType.TokenExchange],
      scopes: ['read'],
      defaultResource: 'users',
    };
    const config = parseServerConfig(
      {
        resources: [
          { audience: 'users', scopes: ['read'] },
          { audience: 'messages', scopes: ['read'] },
        ],
        trustedIssuers: [
          cluster.trusted,
          other.trusted,
          { issuer: unreachable, jwksUri: 'http://127.0.0.1:9/jwks', algorithms: ['RS256'], usages: ['workload'] },
          { issuer: discovered.issuer, jwksUri: discovered.jwksUri, algorithms: ['RS256'], usages: ['workload'] },
        ],
        clients: [
          {
            clientId: 'user-service',
            ...workload('shop:user-service'),
            grantTypes: [...grants.grantTypes, GrantType.AuthorizationCode, GrantType.RefreshToken],
            redirectUris: [REDIRECT],
            represents: ['users'],
            scopes: ['openid', 'offline_access', 'read'],
            defaultResource: 'users',
            consent: 'skip',
          },
          { clientId: 'jobs', ...workload('jobs:*', { audience: `${ISSUER}/oauth2/token` }), ...grants },
          { clientId: 'gone', ...workload('shop:gone'), ...grants, enabled: false },
          { clientId: 'far', ...workload('shop:far', { issuer: unreachable }), ...grants },
          { clientId: 'near', ...workload('shop:near', { issuer: discovered.issuer }), ...grants },
          { clientId: 'keyless', secret, ...grants },
        ],
        rateLimits: { token: { failuresPerClient: 10_000, failuresPerAddress: 10_000 } },
        users: [{ username: 'alice', passwordHash: await hashPassword(password) }],
        edges: [
          {
            client: 'user-service',
            subjectAudience: 'users',
            target: 'messages',
            mode: 'delegation',
            scopes: { read: { requires: ['read'] } },
          },
        ],
      },
      {},
    );
    const server = AuthorizationServerModule.forRoot({
      issuer: ISSUER,
      config,
      keys: await SigningKeys.generate(),
      storage: await store,
      cookieKeys: [randomUUID()],
      nonceSecret: randomBytes(32),
    });
    const testing = await Test.createTestingModule({ imports: [server] }).compile();
    app = testing.createNestApplication<NestExpressApplication>({ logger: false });
    jest.spyOn(Logger.prototype, 'log').mockImplementation((line: object) => void lines.push(line));
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: object) => void warnings.push(line));
    app.use(app.get(AuthorizationServer).middleware);
    await app.init();
    listening.on('request', app.getHttpAdapter().getInstance() as RequestListener);
  });
  beforeEach(() => [lines, warnings].forEach((told) => told.splice(0)));
  afterAll(async () => {
    listening.closeAllConnections();
    listening.close();
    await app.close();
    await (await store).close();
    await discovered.close();
    jest.restoreAllMocks();
  });

  const token = (overrides?: TokenOverrides) => cluster.token('shop/user-service', ISSUER, overrides);
  const asserted = (assertion: string | undefined, more: Fields = {}): Fields => ({
    client_id: 'user-service',
    client_assertion_type: TYPE,
    client_assertion: assertion,
    ...more,
  });
  const records = async (type: string) =>
    (await (await store).audit.query({ type, limit: 100 })).records.map(({ event }) => event);

  /** Every endpoint at which clients authenticate, asked as it is asked by those who may. */
  const ENDPOINTS: Readonly<
    Record<string, (credentials: Fields, headers?: Record<string, string>) => Promise<Answer>>
  > = {
    'a token exchange': (credentials, headers) =>
      postForm(
        `${url}/oauth2/token`,
        {
          grant_type: GrantType.TokenExchange,
          subject_token: 'a.b.c',
          subject_token_type: TokenType.AccessToken,
          audience: 'messages',
          ...credentials,
        },
        headers,
      ),
    'client credentials': (credentials, headers) =>
      postForm(`${url}/oauth2/token`, { grant_type: GrantType.ClientCredentials, ...credentials }, headers),
    'a code': (credentials, headers) =>
      postForm(
        `${url}/oauth2/token`,
        { grant_type: GrantType.AuthorizationCode, code: 'c', redirect_uri: REDIRECT, ...credentials },
        headers,
      ),
    'a refresh token': (credentials, headers) =>
      postForm(`${url}/oauth2/token`, { grant_type: 'refresh_token', refresh_token: 'r', ...credentials }, headers),
    introspection: (credentials, headers) =>
      postForm(`${url}/oauth2/introspect`, { token: 'a', ...credentials }, headers),
    revocation: (credentials, headers) => postForm(`${url}/oauth2/revoke`, { token: 'a', ...credentials }, headers),
    'the feed of revocations': (credentials, headers) => postForm(`${url}/oauth2/revocations`, credentials, headers),
    'a pushed request': (credentials, headers) =>
      postForm(
        `${url}/oauth2/par`,
        { response_type: 'code', redirect_uri: REDIRECT, scope: 'openid', ...credentials },
        headers,
      ),
  };

  it.each(Object.entries(ENDPOINTS))('is let in at %s, again and again', async (_, ask) => {
    const assertion = await token();
    for (let time = 0; time < 2; time += 1) {
      const { body } = await ask(asserted(assertion));
      expect(body['error']).not.toBe('invalid_client');
      expect(warnings).not.toContainEqual(expect.objectContaining({ event: 'revocations.error' }));
    }
  });

  it('gets tokens by each grant, and the trail tells by which workload', async () => {
    const assertion = await token();
    const credentials = await ENDPOINTS['client credentials']!(asserted(assertion));
    expect(credentials).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    const login = { issuer: url, clientId: 'user-service', redirectUri: REDIRECT, username: 'alice', password };
    const code = await obtainCode({ ...login, scope: 'openid offline_access read', parameters: { prompt: 'consent' } });
    const byCode = await postForm(`${url}/oauth2/token`, { ...code, ...asserted(assertion) });
    expect(byCode.status).toBe(200);
    const refresh = { grant_type: 'refresh_token', refresh_token: String(byCode.body['refresh_token']) };
    const refreshed = await postForm(`${url}/oauth2/token`, { ...refresh, ...asserted(assertion) });
    expect(refreshed.status).toBe(200);
    const subject_token = String(refreshed.body['access_token']);
    const exchanged = await ENDPOINTS['a token exchange']!(asserted(assertion, { subject_token, scope: 'read' }));
    expect([exchanged.status, decodeJwt(String(exchanged.body['access_token']))]).toMatchObject([
      200,
      { sub: 'alice', act: { sub: 'user-service' } },
    ]);
    const seen = await ENDPOINTS['introspection']!(
      asserted(assertion, { token: String(refreshed.body['access_token']) }),
    );
    expect(seen.body['active']).toBe(true);
    for (const type of ['client_credentials', 'authorization_code', 'refresh_token', 'token_exchange']) {
      expect(await records(type)).toContainEqual(
        expect.objectContaining({ outcome: 'issued', workload: 'system:serviceaccount:shop:user-service' }),
      );
    }
  });

  it('has its pod named in the log once for each token, and never the token', async () => {
    const assertion = await token();
    for (let time = 0; time < 3; time += 1) await ENDPOINTS['introspection']!(asserted(assertion));
    const { jti, exp } = decodeJwt(assertion);
    expect(lines).toEqual([
      {
        event: 'workload.authenticated',
        clientId: 'user-service',
        issuer: cluster.issuer,
        subject: 'system:serviceaccount:shop:user-service',
        tokenId: jti,
        expiresAt: exp,
        namespace: 'shop',
        serviceaccount: 'user-service',
        pod: 'user-service-5d9c7b8f6-x2x7k',
        node: 'node-1',
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain(assertion.split('.')[2]);
  });

  it.each([
    ['any service account of the namespace', 'jobs/nightly'],
    ['another one of it', 'jobs/clean-up'],
  ])('a pattern lets in %s, for the audience that is registered', async (_, account) => {
    const assertion = await cluster.token(account, `${ISSUER}/oauth2/token`);
    const { status } = await ENDPOINTS['client credentials']!(asserted(assertion, { client_id: 'jobs' }));
    expect(status).toBe(200);
  });

  it('the keys of the cluster are fetched where they are', async () => {
    const claims = { sub: 'system:serviceaccount:shop:near', aud: ISSUER, header: { typ: 'JWT' } };
    const answer = await ENDPOINTS['client credentials']!(
      asserted(await discovered.token(claims), { client_id: 'near' }),
    );
    expect(answer.status).toBe(200);
  });

  it.each(Object.keys(ENDPOINTS))('keys that are out of reach are no refusal: 503 at %s', async (name) => {
    const claims = { iss: unreachable, sub: 'system:serviceaccount:shop:far' };
    const answer = await ENDPOINTS[name]!(asserted(await token(claims), { client_id: 'far' }));
    expect([answer.status, Number(answer.headers.get('retry-after'))]).toEqual([503, expect.any(Number)]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  const now = (): number => Math.floor(Date.now() / 1000);
  const unsigned = (claims: object, alg: string): string =>
    [{ alg }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const hmac = async (): Promise<string> => {
    const input = unsigned(decodeJwt(await token()), 'HS256');
    const key = JSON.stringify(cluster.jwks.keys[0]);
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
  };

  const BAD: [string, () => Promise<Fields>, string?][] = [
    ['another issuer', async () => asserted(await other.token('shop/user-service', ISSUER)), 'not trusted'],
    ['its own name as the issuer', async () => asserted(await token({ iss: 'user-service' })), 'not trusted'],
    [
      'the keys of another cluster',
      async () => {
        const forged = await createTestCluster();
        return asserted(await forged.token('shop/user-service', ISSUER));
      },
    ],
    ['another service account', async () => asserted(await cluster.token('shop/thief', ISSUER)), 'Its sub must be'],
    ['another namespace', async () => asserted(await cluster.token('shop2/user-service', ISSUER)), 'Its sub must be'],
    [
      'the subject in other letters',
      async () => asserted(await token({ sub: 'system:serviceaccount:shop:User-Service' })),
    ],
    [
      'a subject with more behind it',
      async () => asserted(await token({ sub: 'system:serviceaccount:shop:user-service:x' })),
    ],
    ['no subject', async () => asserted(await token({ sub: undefined })), 'sub'],
    ['a list of subjects', async () => asserted(await token({ sub: ['system:serviceaccount:shop:user-service'] }))],
    ['another audience', async () => asserted(await token({ aud: ['https://vault.test'] })), 'Its aud must be'],
    [
      'ours among several audiences',
      async () => asserted(await token({ aud: [ISSUER, 'https://vault.test'] })),
      'Its aud must be',
    ],
    ['the audience twice', async () => asserted(await token({ aud: [ISSUER, ISSUER] })), 'Its aud must be'],
    [
      'the token endpoint, which is not registered',
      async () => asserted(await token({ aud: [`${ISSUER}/oauth2/token`] })),
    ],
    ['no audience', async () => asserted(await token({ aud: undefined })), 'aud'],
    ['no expiry', async () => asserted(await token({ exp: undefined })), 'exp'],
    ['no iat', async () => asserted(await token({ iat: undefined })), 'iat'],
    [
      'an expired token',
      async () => asserted(await token({ iat: now() - 3700, nbf: now() - 3700, exp: now() - 100 })),
      'expired',
    ],
    ['one that is not valid yet', async () => asserted(await token({ nbf: now() + 600 })), 'not valid yet'],
    ['one from the future', async () => asserted(await token({ iat: now() + 600, nbf: undefined })), 'not valid yet'],
    ['one that lives too long', async () => asserted(await token({ exp: now() + 86_400 })), 'longer than 3600'],
    ['an access token of the issuer', async () => asserted(await token({ header: { typ: 'at+jwt' } })), 'type'],
    ['no signature', async () => asserted(`${unsigned(decodeJwt(await token()), 'none')}.`)],
    [
      'the algorithm none with a signature',
      async () => asserted(`${unsigned(decodeJwt(await token()), 'none')}.YQ`),
      'algorithm',
    ],
    ['the public key as a secret', async () => asserted(await hmac()), 'algorithm'],
    [
      'an algorithm that is not the issuer’s',
      async () => {
        const es = await createTestIssuer({ issuer: cluster.issuer, algorithm: 'ES256' });
        return asserted(await es.token({ ...decodeJwt(await token()), header: { typ: undefined } }));
      },
      'algorithm',
    ],
    [
      'the signature of another token',
      async () => {
        const [first, second] = [await token(), await token({ jti: randomUUID() })];
        return asserted([...first.split('.').slice(0, 2), second.split('.')[2]].join('.'));
      },
    ],
    ['no JWT', () => Promise.resolve(asserted('secret')), 'not a JWT'],
    [
      'the token of another client',
      async () => asserted(await cluster.token('jobs/nightly', `${ISSUER}/oauth2/token`)),
    ],
    ['a client that it is not', async () => asserted(await token(), { client_id: 'jobs' })],
    [
      'a client that is disabled',
      async () => asserted(await cluster.token('shop/gone', ISSUER), { client_id: 'gone' }),
    ],
    ['no client_id', async () => asserted(await token(), { client_id: undefined })],
    ['the token as a secret', async () => ({ client_id: 'user-service', client_secret: await token() })],
    ['the id alone', () => Promise.resolve({ client_id: 'user-service' })],
  ];

  describe.each(Object.keys(ENDPOINTS))('at %s', (name) => {
    it.each(BAD.map(([name, sent, why]) => [name, sent, why] as const))(
      'refuses %s',
      async (_, credentials, reason) => {
        const answer = await ENDPOINTS[name]!(await credentials());
        expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
        expect(JSON.stringify(answer.body)).not.toMatch(/serviceaccount|cluster|kubernetes/);
        expect(JSON.stringify(warnings)).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
        if (reason) expect(JSON.stringify(warnings)).toContain(reason);
      },
    );

    const malformed: [string, () => Promise<readonly [Fields, Record<string, string>?]>][] = [
      ['a client with a secret', async () => [asserted(await token(), { client_id: 'keyless' })]],
      ['a client that nobody knows', async () => [asserted(await token(), { client_id: 'nobody' })]],
      ['a secret beside it', async () => [asserted(await token(), { client_secret: secret })]],
      [
        'a secret in the header beside it',
        async () => [asserted(await token()), { authorization: basic('user-service', secret) }],
      ],
      ['the assertion twice', async () => [asserted(undefined, { client_assertion: [await token(), await token()] })]],
      [
        'another type of assertion',
        async () => [
          asserted(await token(), {
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
          }),
        ],
      ],
      ['no type of assertion', async () => [asserted(await token(), { client_assertion_type: undefined })]],
    ];
    it.each(malformed)('RFC 6749 §2.3: refuses %s', async (_, sent) => {
      const answer = await ENDPOINTS[name]!(...(await sent()));
      const isFeed = name === 'the feed of revocations';
      expect([answer.status, answer.body['error']]).toEqual(
        isFeed ? [401, 'invalid_client'] : [400, 'invalid_request'],
      );
    });
  });

  it(
    requirement(
      'RFC7523-3-audience',
      'The authorization server MUST reject any JWT that does not contain its own identity as the intended audience',
    ),
    async () => {
      const answer = await ENDPOINTS['client credentials']!(asserted(await token({ aud: ['https://vault.test'] })));
      expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
    },
  );

  it('a workload is the first client that is registered for it: those of the file', async () => {
    const client = (clientId: string) => ({
      clientId,
      ...workload('shop:user-service'),
      grantTypes: [GrantType.TokenExchange],
    });
    const file = parseServerConfig({ trustedIssuers: [cluster.trusted], clients: [client('in-the-file')] }, {});
    // a file that is read again may name whom an operator has registered meanwhile
    const clients = [...file.clients, { ...file.clients[0]!, clientId: 'at-run-time' }];
    const issuers = new ForeignIssuers(() => []).of(file);
    const identities = new WorkloadIdentities({ issuer: ISSUER, config: { clients }, issuers });
    await expect(identities.verify('in-the-file', await token())).resolves.toMatchObject({ issuer: cluster.issuer });
    await expect(identities.verify('at-run-time', await token())).rejects.toThrow(
      'Its sub is that of the client in-the-file',
    );
  });

  it('nobody is let in by a login without a word of its platform', async () => {
    const login = { issuer: url, clientId: 'user-service', redirectUri: REDIRECT, username: 'alice', password };
    expect((await logIn({ ...login, scope: 'openid' })).status).toBe(401);
  });
});
