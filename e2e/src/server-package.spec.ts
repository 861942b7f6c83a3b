import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RemoteIssuerKeys, verifyAccessToken } from '@onbehalf/jwt-verification';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, logIn, postForm } from '@onbehalf/testing-internal';
import { PackedApplication, packLibraries } from './packed-application.js';
import { hashOf } from './password-hash.js';

const MINUTES = 60_000;
const SECRET = randomUUID();
const PASSWORD = randomUUID();
const CALLBACK = 'http://127.0.0.1:1/callback';
const LIBRARIES = [
  ...['oauth-protocol', 'jwt-verification', 'token-exchange', 'authorization-ports', 'html', 'resource-server'],
  ...['authorization-server', 'authorization-store', 'service-host'],
];
const CONFIGURATION = {
  resources: [
    { audience: 'user-service', scopes: ['user.read'] },
    { audience: 'message-service', scopes: ['message.read'] },
  ],
  clients: [
    {
      clientId: 'web-app',
      secret: SECRET,
      grantTypes: [GrantType.AuthorizationCode],
      redirectUris: [CALLBACK],
      scopes: ['openid', 'user.read'],
      defaultResource: 'user-service',
    },
    { clientId: 'user-service', secret: SECRET, grantTypes: [GrantType.TokenExchange], represents: ['user-service'] },
  ],
  users: [{ username: 'baeldung', passwordHash: hashOf(PASSWORD) }],
  edges: [
    {
      client: 'user-service',
      subjectAudience: 'user-service',
      target: 'message-service',
      mode: 'delegation',
      scopes: { 'message.read': {} },
    },
  ],
};

let tarballs: string;
let application: PackedApplication | undefined;
let issuer: string;

beforeAll(async () => {
  tarballs = mkdtempSync(join(tmpdir(), 'onbehalf-tarballs-'));
  application = new PackedApplication('nest-11-server', packLibraries(LIBRARIES, tarballs));
  ({ url: issuer } = await application.start<{ url: string }>({ CONFIGURATION: JSON.stringify(CONFIGURATION) }));
}, 3 * MINUTES);

afterAll(async () => {
  await application?.remove();
  rmSync(tarballs, { recursive: true, force: true });
}, MINUTES);

describe('an authorization server within a CommonJS application on NestJS 11', () => {
  it('signs a user in, exchanges the token, and refuses what no edge permits', async () => {
    const { body: signedIn } = await logIn({
      issuer,
      clientId: 'web-app',
      redirectUri: CALLBACK,
      scope: 'openid user.read',
      username: 'baeldung',
      password: PASSWORD,
      authorization: basic('web-app', SECRET),
    });
    const exchange = (audience: string) =>
      postForm(
        `${issuer}/oauth2/token`,
        {
          grant_type: GrantType.TokenExchange,
          subject_token: String(signedIn['access_token']),
          subject_token_type: TokenType.AccessToken,
          audience,
        },
        { authorization: basic('user-service', SECRET) },
      );
    const { status, body } = await exchange('message-service');
    expect(status).toBe(200);
    const issuers = [{ issuer, algorithms: ['ES256'] as const, keys: new RemoteIssuerKeys({ issuer }) }];
    const expected = { issuers, audiences: ['message-service'] };
    expect(await verifyAccessToken(String(body['access_token']), expected)).toMatchObject({
      actors: [{ sub: 'user-service' }],
      scopes: ['message.read'],
    });
    expect((await exchange('nobody')).body['error']).toBe('invalid_target');
  });

  it('answers pages, metadata and JSON as on NestJS 12', async () => {
    const [metadata, page, admin] = await Promise.all(
      ['/.well-known/oauth-authorization-server', '/account/consents', '/admin/reach?audience=x'].map((path) =>
        fetch(`${issuer}${path}`, { redirect: 'manual' }),
      ),
    );
    expect(await metadata!.json()).toMatchObject({ issuer });
    expect([page!.status, page!.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
    expect(await page!.text()).toMatch(/^<!DOCTYPE html>/i);
    expect([admin!.status, admin!.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Bearer/)]);
  });
});

describe('a host of an app on NestJS 11', () => {
  it('serves the app, its health and its API, and ends cleanly', async () => {
    const host = await application!.startBeside<{ url: string }>('dist/host.js', { PORT: '0', LOG_LEVEL: 'silent' });
    const answers = await Promise.all(
      ['/hello', '/health/ready', '/docs-json', '/nowhere'].map((path) => fetch(`${host.said.url}${path}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 404]);
    expect(await answers[0]!.json()).toEqual({ hello: 'world' });
    expect(await host.stop()).toBe(0);
  });
});
