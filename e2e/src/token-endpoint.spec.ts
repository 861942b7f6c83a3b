import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, type Fields, postForm, requirement, toAnswer } from '@onbehalf/testing-internal';
import { decodeJwt, SignJWT } from 'jose';
import { System } from '../../tools/system.ts';

const partnerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const partnerJwk = { ...partnerKey.publicKey.export({ format: 'jwk' }), kid: 'partner', alg: 'ES256', use: 'sig' };

const config = {
  resources: [
    { audience: 'user-service', resource: 'https://users.example', scopes: ['user.read'] },
    { audience: 'message-service', resource: 'https://messages.example', scopes: ['message.read', 'message.write'] },
  ],
  clients: [
    {
      clientId: 'user-service',
      secret: 'secret',
      grantTypes: [GrantType.ClientCredentials, GrantType.TokenExchange],
      scopes: ['user.read'],
      defaultResource: 'user-service',
      represents: ['user-service'],
    },
    {
      clientId: 'posting-service',
      authentication: 'client_secret_post',
      secret: 'secret',
      grantTypes: [GrantType.TokenExchange],
      represents: ['user-service'],
    },
    {
      clientId: 'partner-service',
      authentication: 'private_key_jwt',
      jwks: { keys: [partnerJwk] },
      grantTypes: [GrantType.TokenExchange],
      represents: ['user-service'],
    },
    { clientId: 'no-exchange', secret: 'secret', grantTypes: [GrantType.ClientCredentials], scopes: ['user.read'] },
    {
      clientId: 'public-app',
      authentication: 'none',
      grantTypes: [GrantType.TokenExchange],
      represents: ['user-service'],
    },
  ],
  edges: ['user-service', 'posting-service', 'partner-service', 'public-app'].map((client) => ({
    client,
    subjectAudience: 'user-service',
    target: 'message-service',
    mode: 'delegation',
    actor: 'client',
    scopes: { 'message.read': { requires: ['user.read'] } },
  })),
};

describe('the token endpoint', () => {
  let system: System;
  let endpoint: string;
  let subjectToken: string;
  const userService = { authorization: basic('user-service', 'secret') };

  beforeAll(async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'token-endpoint-')), 'config.json');
    writeFileSync(path, JSON.stringify(config));
    system = await (await System.onFreePorts({ AUTH_SERVER_CONFIG: path })).up('auth-server');
    endpoint = `${system.url('auth-server')}/oauth2/token`;
    const answer = await postForm(
      endpoint,
      { grant_type: GrantType.ClientCredentials, scope: 'user.read' },
      userService,
    );
    subjectToken = String(answer.body['access_token']);
  }, 30_000);

  afterAll(() => system.down());

  function request(changes: Fields = {}): Fields {
    return {
      grant_type: GrantType.TokenExchange,
      subject_token: subjectToken,
      subject_token_type: TokenType.AccessToken,
      audience: 'message-service',
      scope: 'message.read',
      ...changes,
    };
  }

  async function assertion(claims: Record<string, unknown> = {}): Promise<Fields> {
    const now = Math.floor(Date.now() / 1000);
    const defaults = {
      iss: 'partner-service',
      sub: 'partner-service',
      aud: system.url('auth-server'),
      jti: randomUUID(),
    };
    const jwt = new SignJWT({ ...defaults, iat: now, exp: now + 60, ...claims }).setProtectedHeader({
      alg: 'ES256',
      kid: 'partner',
    });
    return {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await jwt.sign(partnerKey.privateKey),
    };
  }

  function expectRefusal({ status, headers, body }: Answer, expectedStatus: number, error: string): void {
    expect({ status, error: body['error'] }).toEqual({ status: expectedStatus, error });
    expect(typeof body['error_description']).toBe('string');
    expect(headers.get('cache-control')).toContain('no-store');
    expect(JSON.stringify(body)).not.toContain(subjectToken);
  }

  describe('RFC 8693 §2.2.1: successful response', () => {
    it.each([
      ['client_secret_basic', () => Promise.resolve([request(), userService] as const)],
      [
        'client_secret_post',
        () => Promise.resolve([request({ client_id: 'posting-service', client_secret: 'secret' }), {}] as const),
      ],
      ['private_key_jwt', async () => [request(await assertion()), {}] as const],
    ])('exchanges for a client that authenticates by %s', async (_, make) => {
      const [fields, headers] = await make();
      const answer = await postForm(endpoint, fields, headers);
      expect(answer.body).toMatchObject({
        issued_token_type: TokenType.AccessToken,
        token_type: 'Bearer',
        scope: 'message.read',
        expires_in: expect.any(Number),
      });
      expect(answer.headers.get('cache-control')).toContain('no-store');
    });

    it.each([TokenType.AccessToken, TokenType.Jwt])('takes the subject token as %s', async (type) => {
      const { body } = await postForm(endpoint, request({ subject_token_type: type }), userService);
      const before = decodeJwt(subjectToken);
      const claims = decodeJwt(String(body['access_token']));
      expect(claims).toMatchObject({
        iss: system.url('auth-server'),
        sub: before.sub,
        aud: 'message-service',
        scope: 'message.read',
        client_id: 'user-service',
        act: { sub: 'user-service' },
      });
      expect(claims.jti).not.toBe(before.jti);
      expect(claims.exp).toBeLessThanOrEqual(before.exp!);
      expect(claims.iat).toEqual(expect.any(Number));
    });

    it('finds the target by its resource URI', async () => {
      const { body } = await postForm(
        endpoint,
        request({ audience: undefined, resource: 'https://messages.example' }),
        userService,
      );
      expect(decodeJwt(String(body['access_token'])).aud).toBe('message-service');
    });
  });

  describe('bad input', () => {
    const large = 'x'.repeat(9000);
    it.each<[string, Fields, number, string]>([
      ['no grant_type', { grant_type: undefined }, 400, 'invalid_request'],
      ['an unknown grant', { grant_type: 'token-exchange' }, 400, 'unsupported_grant_type'],
      ['no subject_token', { subject_token: undefined }, 400, 'invalid_request'],
      ['no subject_token_type', { subject_token_type: undefined }, 400, 'invalid_request'],
      ['an empty subject_token', { subject_token: '' }, 400, 'invalid_request'],
      ['a repeated subject_token', { subject_token: ['a', 'b'] }, 400, 'invalid_request'],
      ['a repeated scope', { scope: ['message.read', 'message.write'] }, 400, 'invalid_request'],
      ['an actor_token without its type', { actor_token: 'a' }, 400, 'invalid_request'],
      ['an actor_token_type alone', { actor_token_type: TokenType.Jwt }, 400, 'invalid_request'],
      ['an unsupported subject type', { subject_token_type: TokenType.Saml1 }, 400, 'invalid_request'],
      ['an unsupported requested type', { requested_token_type: TokenType.RefreshToken }, 400, 'invalid_request'],
      ['an unsupported actor type', { actor_token: 'a', actor_token_type: TokenType.Saml1 }, 400, 'invalid_request'],
      ['an unknown audience', { audience: 'nowhere' }, 400, 'invalid_target'],
      ['a relative resource', { resource: '/messages' }, 400, 'invalid_target'],
      ['a scope beyond the edge', { scope: 'message.write' }, 400, 'invalid_scope'],
      ['scope characters that are not allowed', { scope: 'message.read "' }, 400, 'invalid_scope'],
      ['an oversized subject token', { subject_token: large }, 400, 'invalid_request'],
      ['a subject token that is no JWT', { subject_token: 'not-a-jwt' }, 400, 'invalid_request'],
      ['a form of more than 56 KB', { subject_token: 'x'.repeat(60_000) }, 400, 'invalid_request'],
      [
        '__proto__ as a parameter',
        { __proto__x: 'a', ['__proto__']: 'b', subject_token: undefined },
        400,
        'invalid_request',
      ],
    ])('%s', async (_, changes, status, error) => {
      expectRefusal(await postForm(endpoint, request(changes), userService), status, error);
    });

    it('a JSON body', async () => {
      const body = JSON.stringify(request());
      const headers = { ...userService, 'content-type': 'application/json' };
      expectRefusal(await toAnswer(await fetch(endpoint, { method: 'POST', body, headers })), 400, 'invalid_request');
    });

    it('GET', async () => {
      const response = await fetch(endpoint);
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    });
  });

  describe('RFC 6749 §5.2: client authentication', () => {
    it('no client authentication is invalid_client', async () => {
      expectRefusal(await postForm(endpoint, request()), 401, 'invalid_client');
    });

    it('a confidential client that only names itself is invalid_client', async () => {
      expectRefusal(await postForm(endpoint, request({ client_id: 'user-service' })), 401, 'invalid_client');
    });

    it('a wrong secret is invalid_client, with a challenge for the scheme that was used', async () => {
      const answer = await postForm(endpoint, request(), { authorization: basic('user-service', 'wrong') });
      expectRefusal(answer, 401, 'invalid_client');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    });

    it('an unknown client is invalid_client', async () => {
      expectRefusal(
        await postForm(endpoint, request(), { authorization: basic('stranger', 'secret') }),
        401,
        'invalid_client',
      );
    });

    it('two authentication methods in one request are invalid_request', async () => {
      const fields = request({ client_id: 'user-service', client_secret: 'secret' });
      expectRefusal(await postForm(endpoint, fields, userService), 400, 'invalid_request');
    });

    it('a client without the grant is unauthorized_client', async () => {
      const headers = { authorization: basic('no-exchange', 'secret') };
      expectRefusal(await postForm(endpoint, request(), headers), 400, 'unauthorized_client');
    });

    it('a public client is unauthorized_client', async () => {
      expectRefusal(await postForm(endpoint, request({ client_id: 'public-app' })), 400, 'unauthorized_client');
    });

    it.each([
      ['whose audience is the token endpoint', () => ({ aud: endpoint })],
      ['whose audience is a list', () => ({ aud: [system.url('auth-server')] })],
      ['that has expired', () => ({ exp: Math.floor(Date.now() / 1000) - 120 })],
      ['of another issuer', () => ({ iss: 'somebody' })],
    ])('a client assertion %s is invalid_client', async (_, claims) => {
      expectRefusal(await postForm(endpoint, request(await assertion(claims()))), 401, 'invalid_client');
    });

    it('RFC 6749 §5.2: an error is JSON, also for who would rather have a page', async () => {
      const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
      const callers: Record<string, string>[] = [{}, { authorization: 'Basic ?' }, userService];
      for (const caller of callers) {
        const answer = await postForm(endpoint, request({ subject_token: 'x' }), { ...caller, accept });
        expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
        expect(typeof answer.body['error']).toBe('string');
      }
    });

    it('who cuts a request off leaves a line of JSON in the log, and no stack', async () => {
      const { port } = new URL(endpoint);
      const socket = connect(Number(port), 'localhost');
      const head = 'POST /oauth2/token HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n';
      socket.write(`${head}content-type: application/x-www-form-urlencoded\r\n\r\n5\r\ngrant\r\n`);
      await setTimeout(100);
      socket.destroy();
      await setTimeout(200);
      const output = system.output();
      expect(output.split('\n').filter((line) => /^\s+at /.test(line))).toEqual([]);
      expect(output).toContain('"request_failed"');
    });

    it('a client assertion is accepted once', async () => {
      const fields = request(await assertion());
      expect((await postForm(endpoint, fields)).status).toBe(200);
      expectRefusal(await postForm(endpoint, fields), 401, 'invalid_client');
    });
  });

  describe('RFC 8414 §2: metadata', () => {
    it.each(['openid-configuration', 'oauth-authorization-server'])(
      `${requirement('RFC8414-2-required', 'issuer and token_endpoint are REQUIRED')}: /.well-known/%s, which lists the grant`,
      async (name) => {
        const { body } = await toAnswer(await fetch(`${system.url('auth-server')}/.well-known/${name}`));
        expect(body).toMatchObject({
          issuer: system.url('auth-server'),
          token_endpoint: endpoint,
          grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', GrantType.TokenExchange],
          token_endpoint_auth_methods_supported: expect.arrayContaining([
            'client_secret_basic',
            'client_secret_post',
            'private_key_jwt',
          ]),
          code_challenge_methods_supported: ['S256'],
        });
      },
    );

    it('follows the issuer, whatever Host a caller sends', async () => {
      const headers = { 'x-forwarded-host': 'attacker.example' };
      const { body } = await toAnswer(
        await fetch(`${system.url('auth-server')}/.well-known/openid-configuration`, { headers }),
      );
      expect(body['token_endpoint']).toBe(endpoint);
    });
  });

  describe('RFC 7662 and RFC 7009: introspection and revocation of exchanged tokens', () => {
    const introspect = (token: string, clientId = 'user-service') =>
      postForm(
        `${system.url('auth-server')}/oauth2/introspect`,
        { token },
        { authorization: basic(clientId, 'secret') },
      );

    async function exchange(): Promise<string> {
      return String((await postForm(endpoint, request(), userService)).body['access_token']);
    }

    it('tells the claims, act included, to the client of the token', async () => {
      const { body } = await introspect(await exchange());
      expect(body).toMatchObject({
        active: true,
        token_type: 'Bearer',
        aud: 'message-service',
        act: { sub: 'user-service' },
      });
    });

    it(
      requirement(
        'RFC7662-2.2-inactive',
        'of a token that the client may not know of, the answer says no more than that it is not active',
      ),
      async () => {
        expect((await introspect(await exchange(), 'no-exchange')).body).toEqual({ active: false });
      },
    );

    it(
      requirement(
        'RFC7009-2.1-foreign',
        'a token that was issued to another client is refused, and the client is informed of the error',
      ),
      async () => {
        const token = await exchange();
        const headers = { authorization: basic('no-exchange', 'secret') };
        const answer = await postForm(`${system.url('auth-server')}/oauth2/revoke`, { token }, headers);
        expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
        expect((await introspect(token)).body['active']).toBe(true);
      },
    );

    it(
      requirement('RFC7009-2.2-unknown', 'invalid tokens do not cause an error response: the answer is 200'),
      async () => {
        const answer = await postForm(`${system.url('auth-server')}/oauth2/revoke`, { token: 'a.b.c' }, userService);
        expect(answer.status).toBe(200);
      },
    );

    it('a revoked subject token takes the tokens with it that were exchanged for it', async () => {
      const answer = await postForm(
        endpoint,
        { grant_type: GrantType.ClientCredentials, scope: 'user.read' },
        userService,
      );
      const parent = String(answer.body['access_token']);
      const { body } = await postForm(endpoint, request({ subject_token: parent }), userService);
      const revocation = await postForm(`${system.url('auth-server')}/oauth2/revoke`, { token: parent }, userService);
      expect(revocation.status).toBe(200);
      expect((await introspect(String(body['access_token']))).body).toEqual({ active: false });
      expectRefusal(await postForm(endpoint, request({ subject_token: parent }), userService), 400, 'invalid_request');
    });
  });

  it('logs no token and no secret', () => {
    expect(system.output()).not.toContain(subjectToken.split('.')[2]!);
    expect(system.output()).not.toContain('client_assertion=');
  });
});
