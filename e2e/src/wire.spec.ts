import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, type Fields, logIn, obtainCode, postForm, requirement } from '@onbehalf/testing-internal';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { InProcessServer, makeShared, type Shared } from './in-process-server.js';
import { hashOf } from './password-hash.js';

const PAGE = 'https://spa.example';
const REDIRECT_URI = 'http://localhost:8080/callback';
const PASSWORD_HASH = hashOf('password');
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
  const sign = async (clientId: string, aud: unknown, claims: JWTPayload = {}): Promise<string> =>
    new SignJWT({ iss: clientId, sub: clientId, jti: randomUUID(), ...{ aud: aud as string }, ...claims })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(key);
  const send = (assertion: string, path = '/oauth2/token', more: Fields = {}): Promise<Answer> =>
    post(path, {
      ...{ grant_type: GrantType.ClientCredentials, client_assertion: assertion, client_assertion_type: ASSERTION },
      ...more,
    });
  const ask = async (clientId: string, aud: (issuer: string) => unknown): Promise<Answer> =>
    send(await sign(clientId, aud(server.issuer)));
  const endpoint = (issuer: string): string => `${issuer}/oauth2/token`;

  it.each<[string, string, (issuer: string) => string | string[]]>([
    ['keyed', 'the issuer', (issuer) => issuer],
    ['keyed-loosely', 'the issuer', (issuer) => issuer],
    ['keyed-loosely', 'the token endpoint', endpoint],
    ['keyed-loosely', 'the token endpoint alone in a list', (issuer) => [endpoint(issuer)]],
  ])('%s is accepted with %s', async (clientId, _, aud) => {
    expect((await ask(clientId, aud)).status).toBe(200);
  });

  it.each<[string, string, (issuer: string) => unknown]>([
    ['keyed', 'the token endpoint', endpoint],
    ['keyed', 'the issuer in a list', (issuer) => [issuer]],
    ['keyed', 'another server', () => 'https://other.example'],
    ...(['keyed', 'keyed-loosely'] as const).flatMap((clientId): [string, string, (issuer: string) => unknown][] => [
      [clientId, 'another server', () => 'https://other.example'],
      [clientId, 'another server beside', (issuer) => [endpoint(issuer), 'https://other.example']],
      [clientId, 'both in a list', (issuer) => [issuer, endpoint(issuer)]],
      [clientId, 'another endpoint', (issuer) => `${issuer}/oauth2/introspect`],
      [clientId, 'the issuer with a slash', (issuer) => `${issuer}/`],
      [clientId, 'the issuer in capitals', (issuer) => issuer.toUpperCase()],
      [clientId, 'the endpoint with a slash', (issuer) => `${endpoint(issuer)}/`],
      [clientId, 'the endpoint with a query', (issuer) => `${endpoint(issuer)}?a`],
      [clientId, 'the endpoint in other letters', (issuer) => `${issuer}/OAuth2/Token`],
      [clientId, 'what begins like the issuer', (issuer) => `${issuer}.evil.example`],
      [clientId, 'the issuer and a space', (issuer) => `${issuer} `],
    ]),
  ])('%s is refused with %s, and told why', async (clientId, _, aud) => {
    const { status, body } = await ask(clientId, aud);
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
    expect(body['error_description']).toMatch(/^the client assertion is refused: its aud must be http:\/\/localhost/);
  });

  it.each<[string, (issuer: string) => unknown]>([
    ['an empty text', () => ''],
    ['an empty list', () => []],
    ['a list in a list', (issuer) => [[issuer]]],
    ['a number', () => 1],
    ['an object', (issuer) => ({ 0: issuer })],
    ['none', () => undefined],
    ['null', () => null],
  ])('what is no audience is refused: %s', async (_, aud) => {
    for (const clientId of ['keyed', 'keyed-loosely']) {
      const { status, body } = await ask(clientId, aud);
      expect([status, body['error']]).toEqual([401, 'invalid_client']);
    }
  });

  it('what a client may say of its audience holds at every endpoint where it authenticates', async () => {
    for (const path of ['/oauth2/introspect', '/oauth2/revoke']) {
      const at = async (clientId: string, aud: string) =>
        (await send(await sign(clientId, aud), path, { token: 'a', grant_type: undefined })).status;
      const [issuer, token] = [server.issuer, endpoint(server.issuer)];
      expect([path, await at('keyed', issuer), await at('keyed-loosely', issuer)]).toEqual([path, 200, 200]);
      expect([path, await at('keyed', token), await at('keyed-loosely', token)]).toEqual([path, 401, 200]);
      expect([path, await at('keyed-loosely', issuer + path)]).toEqual([path, 401]);
    }
  });

  it('an assertion is used once, whichever audience it has, and wherever', async () => {
    const assertion = await sign('keyed-loosely', endpoint(server.issuer));
    expect((await send(assertion)).status).toBe(200);
    for (const path of ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke']) {
      expect((await send(assertion, path, { token: 'a' })).body['error']).toBe('invalid_client');
    }
  });

  it.each<[string, JWTPayload]>([
    ['another issuer', { iss: 'keyed-loosely' }],
    ['another subject', { sub: 'keyed-loosely' }],
    ['no subject', { sub: undefined }],
    ['no jti', { jti: undefined }],
    ['a time to come', { nbf: Math.floor(Date.now() / 1000) + 300 }],
  ])('one with the right audience is refused with %s', async (_, claims) => {
    expect((await send(await sign('keyed', server.issuer, claims))).body['error']).toBe('invalid_client');
  });

  it('one that is signed by nobody, or with the public key as a secret, is refused', async () => {
    const parts = (await sign('keyed', server.issuer)).split('.');
    const head = (alg: string): string => Buffer.from(JSON.stringify({ alg })).toString('base64url');
    for (const assertion of [
      `${head('none')}.${parts[1]}.`,
      `${head('HS256')}.${parts[1]}.${parts[2]}`,
      `${parts[0]}.${parts[1]}.`,
      `${parts[0]}.${parts[1]}`,
      '',
    ]) {
      const { status, body } = await send(assertion);
      expect([assertion.slice(0, 30), status, body['error']]).toEqual([
        assertion.slice(0, 30),
        expect.any(Number),
        expect.stringMatching(/^invalid_(client|request)$/),
      ]);
      expect(status).toBeLessThan(500);
    }
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
    'http://crm.local:080/',
    'http://crm.local:443/',
    'http://alice@crm.local/',
    'http://:@crm.local/',
    'http://crm.local/.',
    'http://crm.local/a/..',
    'http://crm.local//',
    'http://crm.local/%2e',
    'http://crm%2elocal/',
    'http://crm\u3002local/',
    'http://\uff43rm.local/',
    'http://xn--crm.local/',
    'http:crm.local',
    'http:/crm.local/',
    'http:///crm.local/',
    'http:\\\\crm.local\\',
    ' http://crm.local/',
    'http://crm.local/ ',
    'http://crm.lo\tcal/',
    'http://crm.local/\u0000',
    'http://crm.local/#',
    'http://crm.local.evil.example/',
    'crm.local',
    '//crm.local/',
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

  it.each([
    'https://spa.example/',
    'https://spa.example:443',
    'HTTPS://SPA.EXAMPLE',
    'https://spa.example.evil.example',
    'https://evil-spa.example',
    'https://a.spa.example',
    'http://spa.example',
    'https://spa.example:8443',
    `${PAGE}, ${PAGE}`,
    `${PAGE} https://evil.example`,
    '*',
    'file://',
    'spa.example',
  ])('the origin %s is another one, for preflight and answer', async (origin) => {
    for (const path of PATHS) {
      const asked = await preflight(path, origin);
      const answer = await post(path, { client_id: 'spa', token: 'a' }, { origin });
      expect([path, allowed(asked), allowed(answer)]).toEqual([path, null, null]);
    }
  });

  it('what is allowed is the origin that asked, never any, and without cookies', async () => {
    for (const path of PATHS) {
      const answers = [
        await preflight(path, PAGE),
        await post(path, { client_id: 'spa', token: 'a' }, { origin: PAGE }),
      ];
      for (const { headers } of answers) {
        expect([path, headers.get('access-control-allow-origin')]).toEqual([path, PAGE]);
        expect(headers.get('access-control-allow-credentials')).toBeNull();
      }
    }
  });

  it('the page of each client reads what that client is answered, by whatever it authenticates', async () => {
    const subject = String((await login('web')).body['access_token']);
    const form = { subject_token: subject, subject_token_type: TokenType.AccessToken, audience: 'payroll' };
    for (const [origin, expected] of [
      ['https://console.example', 'https://console.example'],
      [PAGE, null],
    ] as const) {
      const fields = { grant_type: GrantType.TokenExchange, ...form };
      const answer = await post('/oauth2/token', fields, { ...as('service'), origin });
      expect([answer.status, allowed(answer)]).toEqual([200, expected]);
      const refused = await post('/oauth2/token', { ...fields, audience: 'nowhere' }, { ...as('service'), origin });
      expect([refused.status, allowed(refused)]).toEqual([400, expected]);
    }
  });

  it('of userinfo, each page reads its own client’s alone', async () => {
    const tokens = { spa: (await login('spa')).body, web: (await login('web')).body };
    for (const [client, expected] of [
      ['spa', PAGE],
      ['web', null],
    ] as const) {
      const authorization = `Bearer ${String(tokens[client]['access_token'])}`;
      const answer = await fetch(`${server.issuer}/userinfo`, { headers: { authorization, origin: PAGE } });
      expect([client, answer.status, allowed(answer)]).toEqual([client, 200, expected]);
    }
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
