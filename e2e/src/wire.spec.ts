import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { requirement } from '@onbehalf/testing';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { logIn, obtainCode } from './authorization-code.js';
import { basic, postForm, type Answer, type Fields } from './form-post.js';
import { InProcessServer, makeShared, type Shared } from './in-process-server.js';

const PAGE = 'https://spa.example';
const REDIRECT_URI = 'http://localhost:8080/callback';
const PASSWORD_HASH = 'scrypt$65536$8$2$NvU246RNnZZfY6i1KNADQA$eRixKyWDKoZ_obe2sCDcpeiFxmvZ0xk7vA-W19hOt88';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

let shared: Shared;
let server: InProcessServer;
let key: CryptoKey;

const CLIENT = { secret: 'secret', scopes: ['openid', 'read'], defaultResource: 'crm', redirectUris: [REDIRECT_URI] };
const LOGIN = ['authorization_code', 'refresh_token'];

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  shared = await makeShared();
  const keyed = {
    authentication: 'private_key_jwt',
    // as it comes from a file
    jwks: JSON.parse(JSON.stringify({ keys: [await exportJWK(pair.publicKey)] })) as object,
    grantTypes: ['client_credentials'],
    scopes: ['read'],
    defaultResource: 'crm',
  };
  const config = {
    resources: [
      { audience: 'crm', resource: 'http://Crm.Local:80', scopes: ['read'] },
      { audience: 'payroll', resource: 'https://payroll.local/', scopes: ['read'] },
      { audience: 'notes', scopes: ['read'] },
    ],
    clients: [
      { ...CLIENT, clientId: 'web', grantTypes: [...LOGIN, 'client_credentials'], resources: ['crm', 'notes'] },
      { ...CLIENT, clientId: 'other', grantTypes: ['client_credentials'] },
      {
        ...CLIENT,
        clientId: 'service',
        grantTypes: [GrantType.TokenExchange],
        represents: ['crm'],
        allowedOrigins: ['https://console.example'],
      },
      { ...keyed, clientId: 'keyed' },
      { ...keyed, clientId: 'keyed-loosely', assertionAudience: 'token_endpoint' },
      {
        clientId: 'spa',
        authentication: 'none',
        grantTypes: LOGIN,
        redirectUris: [REDIRECT_URI],
        scopes: ['openid', 'read'],
        defaultResource: 'crm',
        allowedOrigins: [PAGE],
      },
    ],
    users: [{ username: 'alice', passwordHash: PASSWORD_HASH }],
    edges: [{ client: 'service', subjectAudience: 'crm', target: 'payroll', mode: 'delegation', scopes: { read: {} } }],
  };
  server = await InProcessServer.start(config, shared);
});

afterAll(async () => {
  await server.stop();
  await shared.store.close();
});

const post = (path: string, fields: Fields, headers: Record<string, string> = {}): Promise<Answer> =>
  postForm(server.issuer + path, fields, headers);
const as = (clientId: string) => ({ authorization: basic(clientId, 'secret') });
const credentials = (clientId: string, fields: Fields = {}): Promise<Answer> =>
  post('/oauth2/token', { grant_type: GrantType.ClientCredentials, ...fields }, as(clientId));
const login = (clientId: string, parameters: Record<string, string> = {}): Promise<Answer> =>
  logIn({
    issuer: server.issuer,
    clientId,
    redirectUri: REDIRECT_URI,
    scope: 'openid read',
    username: 'alice',
    parameters,
    ...(clientId !== 'spa' && as(clientId)),
  });

describe('RFC 7009 §2.2: revocation', () => {
  const told = ({ status, headers }: Response) => [status, headers.get('content-type'), headers.get('content-length')];
  const revoke = (token: string, clientId: string): Promise<Response> =>
    fetch(`${server.issuer}/oauth2/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      headers: as(clientId),
    });

  it(
    requirement(
      'RFC7009-2.2-revoked',
      'the status code is 200 when the token has been revoked and when the client submitted an invalid token',
    ),
    async () => {
      const { body } = await login('web');
      const access = String(body['access_token']);
      const refresh = String(body['refresh_token']);
      const unknown = [refresh.slice(0, -1), 'unknown', `${access.slice(0, -4)}AAAA`];
      for (const token of [...unknown, access, access, refresh, refresh]) {
        const answer = await revoke(token, 'web');
        expect(told(answer)).toEqual([200, null, '0']);
        expect(await answer.text()).toBe('');
      }
    },
  );
});

describe(
  requirement(
    'RFC7662-2.1-authorization',
    'to prevent token scanning attacks, the endpoint MUST also require some form of authorization',
  ),
  () => {
    const ENDPOINTS = ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke', '/oauth2/par'];
    const fields = { grant_type: GrantType.ClientCredentials, token: 'a', response_type: 'code' };
    const cases: [string, Fields, Record<string, string>][] = [
      ['no credentials', fields, {}],
      ['no parameters at all', { more: 'a' }, {}],
      ['no credentials from a browser', fields, { accept: 'text/html' }],
      ['an empty client_id', { ...fields, client_id: '' }, {}],
      ['its name alone', { ...fields, client_id: 'web' }, {}],
      ['an unknown name', { ...fields, client_id: 'nobody' }, {}],
      ['a wrong secret in the body', { ...fields, client_id: 'web', client_secret: 'wrong' }, {}],
      ['a wrong secret in the header', fields, { authorization: basic('web', 'wrong') }],
    ];

    describe.each(ENDPOINTS)('at %s', (path) => {
      it.each(cases)(
        `${requirement('RFC7009-2.1-credentials', 'the authorization server first validates the client credentials')}: %s is invalid_client, with a challenge (RFC 9110 §15.5.2)`,
        async (_case, sent, headers) => {
          const answer = await post(path, sent, headers);
          expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
          expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="[^"]+"/);
          expect(answer.headers.get('cache-control')).toBe('no-store');
        },
      );

      it.each<[string, Fields, Record<string, string>]>([
        ['two methods', { ...fields, client_secret: 'secret' }, as('web')],
        ['a repeated client_id', { ...fields, client_id: ['web', 'web'] }, {}],
        ['a form of another type', fields, { 'content-type': 'text/plain' }],
      ])('%s stays invalid_request', async (_case, sent, headers) => {
        const { status, body } = await post(path, sent, headers);
        expect([status, body['error']]).toEqual([400, 'invalid_request']);
      });
    });
  },
);

describe('RFC 8414 §2: the metadata', () => {
  it.each(['oauth-authorization-server', 'openid-configuration'])(
    `${requirement('RFC8414-2-endpoint-algorithms', 'the signing algorithms of revocation and introspection MUST be present where private_key_jwt is among their methods')}: %s`,
    async (name) => {
      const metadata: unknown = await (await fetch(`${server.issuer}/.well-known/${name}`)).json();
      const confidential = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
      expect(metadata).toMatchObject({
        revocation_endpoint_auth_methods_supported: [...confidential, 'none'],
        introspection_endpoint_auth_methods_supported: confidential,
        revocation_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(['ES256', 'RS256']),
        introspection_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(['ES256', 'RS256']),
      });
    },
  );
});

describe('RFC 7523 §3: the audience of a client assertion', () => {
  const ask = async (clientId: string, aud: (issuer: string) => string | string[]): Promise<Answer> => {
    const assertion = await new SignJWT({ iss: clientId, sub: clientId, jti: randomUUID(), aud: aud(server.issuer) })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(key);
    const fields = { client_assertion: assertion, client_assertion_type: ASSERTION };
    return post('/oauth2/token', { grant_type: GrantType.ClientCredentials, ...fields });
  };
  const endpoint = (issuer: string): string => `${issuer}/oauth2/token`;

  it.each<[string, string, (issuer: string) => string | string[]]>([
    ['keyed', 'the issuer', (issuer) => issuer],
    ['keyed-loosely', 'the issuer', (issuer) => issuer],
    ['keyed-loosely', 'the token endpoint', endpoint],
    ['keyed-loosely', 'the token endpoint alone in a list', (issuer) => [endpoint(issuer)]],
  ])('%s is accepted with %s', async (clientId, _, aud) => {
    expect((await ask(clientId, aud)).status).toBe(200);
  });

  it.each<[string, string, (issuer: string) => string | string[]]>([
    ['keyed', 'the token endpoint', endpoint],
    ['keyed', 'the issuer in a list', (issuer) => [issuer]],
    ['keyed', 'another server', () => 'https://other.example'],
    ['keyed-loosely', 'another server', () => 'https://other.example'],
    ['keyed-loosely', 'another server beside', (issuer) => [endpoint(issuer), 'https://other.example']],
    ['keyed-loosely', 'another endpoint', (issuer) => `${issuer}/oauth2/introspect`],
  ])('%s is refused with %s, and told why', async (clientId, _, aud) => {
    const { status, body } = await ask(clientId, aud);
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
    expect(body['error_description']).toMatch(/^the client assertion is refused: its aud must be http:\/\/localhost/);
  });
});

describe('RFC 3986 §6.2.3: a resource has one spelling', () => {
  it.each(['http://crm.local', 'http://crm.local/', 'HTTP://CRM.local:80/', 'http://crm.local:'])(
    '%s is the registered one, at login and with client credentials',
    async (resource) => {
      const code = await obtainCode({
        ...{ issuer: server.issuer, clientId: 'web', redirectUri: REDIRECT_URI },
        ...{ scope: 'openid read', username: 'alice', parameters: { resource } },
      });
      const { body } = await post('/oauth2/token', { ...code, resource: 'http://crm.local/' }, as('web'));
      expect(decodeJwt(String(body['access_token'])).aud).toBe('crm');
      const again = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']), resource };
      expect((await post('/oauth2/token', again, as('web'))).status).toBe(200);
      expect((await credentials('web', { resource: [resource, 'http://crm.local'] })).status).toBe(200);
    },
  );

  it.each([
    'http://crm.local/x',
    'http://crm.local/?',
    'https://crm.local',
    'http://crm.local:8080',
    'http://crm.local./',
  ])('%s is another', async (resource) => {
    expect((await credentials('web', { resource })).body['error']).toBe('invalid_target');
  });

  it('holds for an exchange, too', async () => {
    const subject = String((await login('web')).body['access_token']);
    const exchange = (resource: string): Promise<Answer> =>
      post(
        '/oauth2/token',
        {
          grant_type: GrantType.TokenExchange,
          subject_token: subject,
          subject_token_type: TokenType.AccessToken,
          resource,
        },
        as('service'),
      );
    for (const resource of ['https://payroll.local', 'https://payroll.local/', 'HTTPS://Payroll.local:443']) {
      expect((await exchange(resource)).status).toBe(200);
    }
    expect((await exchange('https://payroll.local/a')).body['error']).toBe('invalid_target');
  });
});

describe('client credentials for an audience', () => {
  it('are for the resource of that name, when the client lists it', async () => {
    for (const audience of ['crm', 'notes']) {
      const { body } = await credentials('web', { audience });
      expect(decodeJwt(String(body['access_token']))).toMatchObject({ aud: audience, scope: 'read' });
    }
    const { body } = await credentials('web', { audience: 'crm', resource: 'http://crm.local/', scope: 'read' });
    expect(decodeJwt(String(body['access_token'])).aud).toBe('crm');
  });

  it.each<[string, Fields]>([
    ['one that it does not list', { audience: 'payroll' }],
    ['one that nobody knows', { audience: 'bogus' }],
    ['a URI', { audience: 'http://crm.local' }],
    ['two', { audience: ['crm', 'notes'] }],
    ['one beside another resource', { audience: 'notes', resource: 'http://crm.local' }],
  ])('RFC 8693 §2.2.2: %s is invalid_target', async (_, fields) => {
    const { status, body } = await credentials('web', fields);
    expect([status, body['error']]).toEqual([400, 'invalid_target']);
  });
});

describe('Fetch §3.3: pages of other origins', () => {
  const preflight = (path: string, origin: string): Promise<Response> =>
    fetch(server.issuer + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop' },
    });
  const allowed = ({ headers }: { headers: Headers }): string | null => headers.get('access-control-allow-origin');
  const PATHS = ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke', '/oauth2/par', '/userinfo'];

  it.each(PATHS)('preflight and answer agree at %s', async (path) => {
    for (const [origin, expected] of [
      [PAGE, PAGE],
      ['https://evil.example', null],
      ['null', null],
    ] as const) {
      const asked = await preflight(path, origin);
      expect([asked.status, allowed(asked)]).toEqual([204, expected]);
      expect(asked.headers.get('access-control-allow-headers')).toBe(expected && 'dpop');
      const answer = await post(path, { client_id: 'spa', token: 'a' }, { origin });
      expect(allowed(answer)).toBe(expected);
      if (expected !== null) expect(answer.headers.get('vary')).toContain('Origin');
      expect(JSON.stringify(answer.body)).not.toMatch(/origin/);
    }
  });

  it('a page of one client does not read what another is answered', async () => {
    expect(allowed(await post('/oauth2/revoke', { token: 'a' }, { ...as('web'), origin: PAGE }))).toBeNull();
    expect(allowed(await credentials('web'))).toBeNull();
    const token = { grant_type: GrantType.ClientCredentials };
    expect(allowed(await post('/oauth2/token', token, { ...as('web'), origin: PAGE }))).toBeNull();
  });

  it('a confidential client that sends an Origin is not refused for it', async () => {
    const origin = 'https://anywhere.example';
    const { body } = await login('web');
    const token = String(body['access_token']);
    const introspected = await post('/oauth2/introspect', { token }, { ...as('web'), origin });
    expect([introspected.status, introspected.body['active']]).toEqual([200, true]);
    expect((await post('/oauth2/revoke', { token }, { ...as('web'), origin })).status).toBe(200);
    const pushed = {
      ...{ response_type: 'code', client_id: 'web', redirect_uri: REDIRECT_URI, scope: 'openid', nonce: 'n' },
      ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
    };
    expect((await post('/oauth2/par', pushed, { ...as('web'), origin })).status).toBe(201);
  });

  it('a browser-only client signs in, refreshes and signs out', async () => {
    const { body } = await login('spa');
    const again = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']), client_id: 'spa' };
    const refreshed = await post('/oauth2/token', again, { origin: PAGE });
    expect([refreshed.status, allowed(refreshed)]).toEqual([200, PAGE]);
    const token = String(refreshed.body['refresh_token']);
    const ended = await post('/oauth2/revoke', { token, client_id: 'spa' }, { origin: PAGE });
    expect([ended.status, allowed(ended)]).toEqual([200, PAGE]);
  });
});
