import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { type Answer, basic, logIn, postForm } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';

describe('the wiring of the Spring article', () => {
  let system: System;
  let tokens: Answer['body'];

  beforeAll(async () => {
    system = await (await System.onFreePorts({ AUTH_SERVER_CONFIG: 'spring-article' })).up('auth-server');
    const redirectUri = `${system.url('client-app')}/client/login/oauth2/code/messaging-client-oidc`;
    const issuer = system.url('auth-server');
    tokens = (await logIn({ issuer, clientId: 'user-service', redirectUri, scope: 'openid profile user.read' })).body;
  }, 30_000);

  afterAll(() => system.down());

  /** What Spring Security's token exchange client sends: no audience, the type jwt. */
  function exchange(authorization: string | undefined, credentials: Record<string, string> = {}): Promise<Answer> {
    const fields = {
      grant_type: GrantType.TokenExchange,
      subject_token: String(tokens['access_token']),
      subject_token_type: TokenType.Jwt,
      requested_token_type: TokenType.AccessToken,
      scope: 'message.read',
      ...credentials,
    };
    return postForm(`${system.url('auth-server')}/oauth2/token`, fields, authorization ? { authorization } : {});
  }

  it('logs in with the public client user-service and PKCE', () => {
    expect(decodeJwt(String(tokens['access_token']))).toMatchObject({
      sub: 'baeldung',
      aud: 'user-service',
      scope: 'user.read',
      client_id: 'user-service',
    });
    expect(decodeJwt(String(tokens['id_token']))).toMatchObject({
      sub: 'baeldung',
      aud: 'user-service',
      name: 'Baeldung',
    });
  });

  it.each<[string, () => Promise<Answer>]>([
    ['client_secret_basic', () => exchange(basic('message-service', 'token'))],
    ['client_secret_post', () => exchange(undefined, { client_id: 'message-service', client_secret: 'token' })],
  ])('the client message-service exchanges by %s and gets its default target', async (_, send) => {
    const { status, body } = await send();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      issued_token_type: TokenType.AccessToken,
      token_type: 'Bearer',
      scope: 'message.read',
    });
    expect(decodeJwt(String(body['access_token']))).toMatchObject({
      sub: 'baeldung',
      aud: 'message-service',
      scope: 'message.read',
      client_id: 'message-service',
      act: { sub: 'message-service' },
    });
  });

  it("its tokens pass Spring's default decoder: RS256, and no type but JWT", async () => {
    const keys = createRemoteJWKSet(new URL(`${system.url('auth-server')}/oauth2/jwks`));
    const { body } = await exchange(basic('message-service', 'token'));
    for (const token of [tokens['access_token'], tokens['id_token'], body['access_token']].map(String)) {
      const { typ = 'JWT' } = decodeProtectedHeader(token);
      expect(typ).toBe('JWT');
      await jwtVerify(token, keys, { algorithms: ['RS256'], issuer: system.url('auth-server') });
    }
    expect(decodeJwt(String(tokens['id_token']))['azp']).toBe('user-service');
    expect(decodeJwt(String(tokens['id_token']))['scope']).toBeUndefined();
  });

  it('its public client gets no refresh token', () => {
    expect(tokens['refresh_token']).toBeUndefined();
  });

  it('an ID token passes for no access token here', async () => {
    const idToken = String(tokens['id_token']);
    const fields = { grant_type: GrantType.TokenExchange, subject_token: idToken, subject_token_type: TokenType.Jwt };
    const headers = { authorization: basic('message-service', 'token') };
    expect((await postForm(`${system.url('auth-server')}/oauth2/token`, fields, headers)).status).toBe(400);
    const introspected = await postForm(`${system.url('auth-server')}/oauth2/introspect`, { token: idToken }, headers);
    expect(introspected.body).toEqual({ active: false });
    const { access_token: token } = tokens;
    const known = await postForm(`${system.url('auth-server')}/oauth2/introspect`, { token: String(token) }, headers);
    expect(known.body['active']).toBe(true);
  });

  it('a bad subject token is answered as Spring does, with invalid_grant', async () => {
    const fields = {
      grant_type: GrantType.TokenExchange,
      subject_token: 'not-a-token',
      subject_token_type: TokenType.Jwt,
    };
    const headers = { authorization: basic('message-service', 'token') };
    const { status, body } = await postForm(`${system.url('auth-server')}/oauth2/token`, fields, headers);
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  });
});
