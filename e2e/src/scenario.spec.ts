import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt, type JWTPayload } from 'jose';
import { type Answer, basic, logIn, postForm, toAnswer } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';

interface MessageAnswer {
  readonly message: string;
  readonly hops: readonly { readonly service: string; readonly claims: JWTPayload }[];
}

describe('the scenario: one login, one exchange, one downstream call', () => {
  let system: System;
  let tokenA: string;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server', 'user-service', 'message-service');
    const { body } = await logInAgain();
    tokenA = String(body['access_token']);
  }, 60_000);

  afterAll(() => system.down());

  const logInAgain = (): Promise<Answer> =>
    logIn({
      issuer: system.url('auth-server'),
      clientId: 'client-app',
      redirectUri: `${system.url('client-app')}/callback`,
      scope: 'openid profile user.read',
      authorization: basic('client-app', 'client-app-secret'),
    });

  const call = async (url: string, token?: string, headers: Record<string, string> = {}): Promise<Answer> =>
    toAnswer(await fetch(url, { headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) } }));

  it('Token A, B and C each have their own audience, the same subject, and a growing act chain', async () => {
    const { status, body } = await call(`${system.url('user-service')}/user/message`, tokenA);
    expect(status).toBe(200);
    const [a, b, c] = (body as unknown as MessageAnswer).hops.map(({ claims }) => claims);
    expect(a).toMatchObject({ sub: 'baeldung', aud: 'user-service', scope: 'user.read', client_id: 'client-app' });
    expect(a).not.toHaveProperty('act');
    expect(b).toMatchObject({
      sub: 'baeldung',
      aud: 'message-service',
      scope: 'message.read',
      client_id: 'user-service',
      act: { sub: 'user-service' },
    });
    expect(c).toMatchObject({
      sub: 'baeldung',
      aud: 'user-service',
      scope: 'user.read',
      client_id: 'message-service',
      act: { sub: 'message-service', act: { sub: 'user-service' } },
    });
    // RFC 9068 §2.2.1: how the user was authenticated passes unchanged, and no token outlives the one it came from
    expect([b!['auth_time'], b!['amr']]).toEqual([a!['auth_time'], a!['amr']]);
    expect(a!['auth_time']).toEqual(expect.any(Number));
    expect(b!.exp).toBeLessThanOrEqual(a!.exp!);
    expect(c!.exp).toBeLessThanOrEqual(b!.exp!);
    expect(new Set([a!.jti, b!.jti, c!.jti]).size).toBe(3);
  });

  it('message-service refuses Token A', async () => {
    const { status, headers, body } = await call(`${system.url('message-service')}/message`, tokenA);
    const description = "Invalid audience claim. Expected 'message-service', got 'user-service'";
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain(
      `Bearer error="invalid_token", error_description="${description}"`,
    );
    expect(body).toEqual({ error: 'invalid_token', error_description: description });
  });

  it('no token is answered with a bare challenge', async () => {
    const { status, headers } = await call(`${system.url('message-service')}/message`);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer(?! error)/);
  });

  it('a token without the scope is answered with 403 insufficient_scope', async () => {
    const answer = await call(`${system.url('user-service')}/user/message`, await tokenOfAnotherScope());
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect(answer.headers.get('www-authenticate')).toContain('scope="user.read"');
    expect(answer.body['error']).toBe('insufficient_scope');
  });

  /** Every token for user-service that the demo gives holds `user.read`, so an operator registers a scope and a client. */
  const tokenOfAnotherScope = async (): Promise<string> => {
    const server = system.url('auth-server');
    const operator = await Operator.with('registrations.read registrations.write', server);
    const put = async (path: string, registration: object, condition: Record<string, string>): Promise<Answer> => {
      const headers = { ...condition, 'content-type': 'application/json' };
      const answer = await operator.fetch(path, { method: 'PUT', headers, body: JSON.stringify(registration) });
      expect(answer.ok).toBe(true);
      return toAnswer(answer);
    };
    const known = await operator.fetch('/admin/resources/user-service');
    const { resource: uri, administrativeImpersonation } = (await known.json()) as Record<string, unknown>;
    const resource = { resource: uri, administrativeImpersonation, scopes: ['user.read', 'user.rename'] };
    await put('/admin/resources/user-service', resource, { 'if-match': known.headers.get('etag')! });
    const client = {
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['user.rename'],
      defaultResource: 'user-service',
    };
    const created = await put('/admin/clients/renamer', client, { 'if-none-match': '*' });
    const authorization = basic('renamer', String(created.body['clientSecret']));
    const fields = { grant_type: GrantType.ClientCredentials };
    const { body } = await postForm(`${server}/oauth2/token`, fields, { authorization });
    // RFC 6749 §5.1: not asked for, so the answer says it
    expect(body['scope']).toBe('user.rename');
    return String(body['access_token']);
  };

  it('one trace id travels from user-service through the exchange to message-service', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    // a token of its own, so that the exchange is not cached
    const { body } = await postForm(
      `${system.url('auth-server')}/oauth2/token`,
      { grant_type: GrantType.ClientCredentials, scope: 'user.read' },
      { authorization: basic('user-service', 'user-service-secret') },
    );
    await call(`${system.url('user-service')}/user/message`, String(body['access_token']), headers);
    // lines arrive through a pipe, after the answer
    for (const app of ['user-service', 'auth-server', 'message-service'] as const) {
      await system.app(app).printed(traceId);
    }
  });

  it('an operator learns which rule refuses an exchange, and nothing is issued', async () => {
    const operator = await postForm(
      `${system.url('auth-server')}/oauth2/token`,
      { grant_type: GrantType.ClientCredentials, scope: 'exchange.explain' },
      { authorization: basic('operator', 'operator-secret') },
    );
    const explain = (token: string | undefined, changes: Record<string, string> = {}): Promise<Answer> =>
      postForm(
        `${system.url('auth-server')}/admin/exchange/explain`,
        {
          client_id: 'user-service',
          grant_type: GrantType.TokenExchange,
          subject_token: tokenA,
          subject_token_type: TokenType.AccessToken,
          audience: 'message-service',
          ...changes,
        },
        token ? { authorization: `Bearer ${token}` } : {},
      );
    const token = String(operator.body['access_token']);
    expect((await explain(token, { scope: 'message.read' })).body).toMatchObject({
      outcome: 'permitted',
      kind: 'delegation',
      subject: 'baeldung',
      targets: ['message-service'],
      granted: { scopes: ['message.read'] },
    });
    const refused = await explain(token, { client_id: 'message-service' });
    expect(refused.body).toMatchObject({
      outcome: 'refused',
      refusal: { rule: 'subject-audience', error: 'invalid_request' },
    });
    expect(JSON.stringify(refused.body)).not.toContain(tokenA);
    expect((await explain(token, { client_id: 'nobody' })).status).toBe(400);
    expect((await explain(undefined)).status).toBe(401);
    expect((await explain(tokenA)).status).toBe(401);
  });

  it('a revoked token is refused by the services within 5 s, and so is what was exchanged for it', async () => {
    const headers = { authorization: basic('client-app', 'client-app-secret') };
    const { body } = await logInAgain();
    const token = String(body['access_token']);
    expect((await call(`${system.url('user-service')}/user/message`, token)).status).toBe(200);
    await postForm(`${system.url('auth-server')}/oauth2/revoke`, { token }, headers);
    const revoked = Date.now();
    let answer = await call(`${system.url('user-service')}/user/message`, token);
    while (answer.status !== 401 && Date.now() - revoked < 10_000) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await call(`${system.url('user-service')}/user/message`, token);
    }
    expect(Date.now() - revoked).toBeLessThan(5_000);
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_token']);
  });

  it('logs hold neither the token nor a part of it', () => {
    for (const part of tokenA.split('.')) expect(system.output()).not.toContain(part);
  });

  it('claims that the services report are those of the token that was sent', async () => {
    const { body } = await call(`${system.url('user-service')}/user/message`, tokenA);
    expect((body as unknown as MessageAnswer).hops[0]?.claims).toEqual(decodeJwt(tokenA));
  });
});
