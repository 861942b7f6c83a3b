import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type ServedTestIssuer } from '@onbehalf/testing';
import { type Answer, basic, type Fields, logIn, type Login, postForm, UserAgent } from '@onbehalf/testing-internal';
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { System } from '../../tools/system.ts';
import { hashOf } from './password-hash.js';

// npx nx run auth-server:hash-password, for: password
const PASSWORD = hashOf('password');

const service = { secret: 'secret', grantTypes: [GrantType.ClientCredentials, GrantType.TokenExchange] };
const messageRead = { 'message.read': {} };

function config(partner: ServedTestIssuer, mapped: ServedTestIssuer, gone: ServedTestIssuer): object {
  return {
    resources: [
      { audience: 'user-service', scopes: ['user.read'] },
      { audience: 'message-service', scopes: ['message.read'] },
      { audience: 'ledger', scopes: ['ledger.read'], signingAlgorithm: 'RS256' },
    ],
    clients: [
      {
        clientId: 'web-app',
        secret: 'secret',
        grantTypes: ['authorization_code', GrantType.TokenExchange],
        redirectUris: ['http://localhost:1/callback'],
        scopes: ['openid', 'user.read'],
        defaultResource: 'user-service',
      },
      {
        ...service,
        clientId: 'user-service',
        represents: ['user-service'],
        scopes: ['user.read'],
        defaultResource: 'user-service',
      },
      { ...service, clientId: 'support-desk', represents: ['user-service'] },
    ],
    users: ['baeldung', 'chief'].map((username) => ({
      username,
      passwordHash: PASSWORD,
      protected: username === 'chief',
    })),
    trustedIssuers: [
      { issuer: partner.issuer, algorithms: ['ES256'] },
      { issuer: gone.issuer, algorithms: ['ES256'] },
      {
        issuer: mapped.issuer,
        jwksUri: mapped.jwksUri,
        algorithms: ['ES256'],
        subject: { claim: 'preferred_username', to: 'account' },
      },
    ],
    edges: [
      {
        client: 'web-app',
        subjectAudience: 'web-app',
        subjectTypes: [TokenType.IdToken],
        target: 'message-service',
        mode: 'delegation',
        scopes: messageRead,
      },
      {
        client: 'user-service',
        subjectAudience: 'user-service',
        target: 'message-service',
        mode: 'delegation',
        actor: 'either',
        scopes: messageRead,
        subjectIssuers: [partner.issuer, mapped.issuer, gone.issuer],
        issues: [TokenType.AccessToken, TokenType.Jwt, TokenType.IdToken],
      },
      {
        client: 'user-service',
        subjectAudience: 'user-service',
        target: 'ledger',
        mode: 'delegation',
        scopes: { 'ledger.read': {} },
      },
      {
        client: 'support-desk',
        subjectAudience: 'user-service',
        target: 'message-service',
        mode: 'impersonation',
        scopes: messageRead,
        timeToLive: 60,
      },
    ],
  };
}

describe('the faces of token exchange, at the token endpoint', () => {
  let system: System;
  let database: string;
  let partner: ServedTestIssuer;
  let mapped: ServedTestIssuer;
  let gone: ServedTestIssuer;
  let tokens: Answer['body'];
  let chief: Answer['body'];

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'faces-'));
    database = `sqlite:${join(folder, 'server.db')}`;
    const served = () => createTestIssuer({ http: true });
    [partner, mapped, gone] = await Promise.all([served(), served(), served()]);
    await gone.close();
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config(partner, mapped, gone)));
    system = await System.onFreePorts({ AUTH_SERVER_CONFIG: join(folder, 'config.json'), DATABASE_URL: database });
    await system.up('auth-server');
    tokens = (await logIn(login())).body;
    chief = (await logIn({ ...login(), username: 'chief' })).body;
  }, 60_000);

  afterAll(async () => {
    await Promise.all([system.down(), partner.close(), mapped.close()]);
  });

  function login(): Login {
    return {
      issuer: system.url('auth-server'),
      clientId: 'web-app',
      redirectUri: 'http://localhost:1/callback',
      scope: 'openid user.read',
      authorization: basic('web-app', 'secret'),
    };
  }

  function exchange(client: string, fields: Fields): Promise<Answer> {
    const defaults = {
      grant_type: GrantType.TokenExchange,
      subject_token: String(tokens['access_token']),
      subject_token_type: TokenType.AccessToken,
      audience: 'message-service',
    };
    return postForm(
      `${system.url('auth-server')}/oauth2/token`,
      { ...defaults, ...fields },
      { authorization: basic(client, 'secret') },
    );
  }

  const claimsOf = ({ body }: Answer): JWTPayload => decodeJwt(String(body['access_token']));

  describe('subject tokens', () => {
    it('an ID token is exchanged by the client that it was issued to, and by nobody else', async () => {
      const fields = { subject_token: String(tokens['id_token']), subject_token_type: TokenType.IdToken };
      expect(claimsOf(await exchange('web-app', fields))).toMatchObject({
        sub: 'baeldung',
        aud: 'message-service',
        act: { sub: 'web-app' },
      });
      expect((await exchange('user-service', fields)).body['error']).toBe('invalid_request');
    });

    it('logout ends what was exchanged for an ID token, and the ID token itself', async () => {
      const agent = new UserAgent();
      const authorization = basic('web-app', 'secret');
      const { body } = await logIn(login(), agent);
      const idToken = String(body['id_token']);
      const fields = { subject_token: idToken, subject_token_type: TokenType.IdToken };
      const token = String((await exchange('web-app', fields)).body['access_token']);
      const url = (path: string): string => `${system.url('auth-server')}${path}`;
      const isActive = async (): Promise<unknown> =>
        (await postForm(url('/oauth2/introspect'), { token }, { authorization })).body['active'];
      expect(await isActive()).toBe(true);
      const page = await agent.get(url(`/connect/logout?id_token_hint=${idToken}`));
      const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(await page.text()) ?? [];
      await agent.submit(url('/connect/logout/confirm'), { xsrf, logout: 'yes' });
      expect(await isActive()).toBe(false);
      const feed = await fetch(url('/oauth2/revocations'), {
        headers: { authorization: basic('user-service', 'secret') },
      });
      expect(await feed.text()).toContain(String(decodeJwt(token).jti));
      const again = await exchange('web-app', fields);
      expect([again.status, again.body['error']]).toEqual([400, 'invalid_request']);
    }, 20_000);

    it('a token is what the request declares it to be', async () => {
      const idToken = String(tokens['id_token']);
      const mixed = [
        { subject_token: idToken, subject_token_type: TokenType.AccessToken },
        { subject_token: idToken, subject_token_type: TokenType.Jwt },
        { subject_token_type: TokenType.IdToken },
      ];
      for (const fields of mixed)
        expect((await exchange('user-service', fields)).body['error']).toBe('invalid_request');
    });

    it('a JWT of a trusted foreign issuer keeps its subject as iss#sub', async () => {
      const token = await partner.token({ aud: 'user-service', sub: 'alice' });
      const claims = claimsOf(
        await exchange('user-service', { subject_token: token, subject_token_type: TokenType.Jwt }),
      );
      expect(claims).toMatchObject({
        iss: system.url('auth-server'),
        sub: `${partner.issuer}#alice`,
        act: { sub: 'user-service' },
      });
    });

    it('a claim of a trusted foreign issuer can name a local account, which must exist', async () => {
      const send = async (preferred_username: string): Promise<Answer> =>
        exchange('user-service', {
          subject_token: await mapped.token({ aud: 'user-service', sub: '4711', preferred_username }),
          subject_token_type: TokenType.Jwt,
        });
      expect(claimsOf(await send('baeldung')).sub).toBe('baeldung');
      expect((await send('stranger')).body['error']).toBe('invalid_request');
    });

    it('a trusted issuer whose keys cannot be had is an outage, never a bad token', async () => {
      const token = await gone.token({ aud: 'user-service' });
      const { status, headers, body } = await exchange('user-service', {
        subject_token: token,
        subject_token_type: TokenType.Jwt,
      });
      expect([status, body['error']]).toEqual([503, 'temporarily_unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    });

    it('an issuer that is not trusted is refused and never asked for its keys', async () => {
      let asked = 0;
      const server: Server = createServer((_, response) => {
        asked += 1;
        response.end();
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const stranger = await createTestIssuer({ issuer });
      const fields = {
        subject_token: await stranger.token({ aud: 'user-service' }),
        subject_token_type: TokenType.Jwt,
      };
      expect((await exchange('user-service', fields)).body['error']).toBe('invalid_request');
      expect(asked).toBe(0);
      server.close();
    });
  });

  it('delegation with an actor_token names its subject as the actor', async () => {
    const { body } = await postForm(
      `${system.url('auth-server')}/oauth2/token`,
      { grant_type: GrantType.ClientCredentials, scope: 'user.read' },
      { authorization: basic('user-service', 'secret') },
    );
    const actor = { actor_token: String(body['access_token']), actor_token_type: TokenType.AccessToken };
    expect(claimsOf(await exchange('user-service', actor))).toMatchObject({
      sub: 'baeldung',
      act: { sub: 'user-service' },
    });
    const swapped = {
      subject_token: actor.actor_token,
      actor_token: String(tokens['access_token']),
      actor_token_type: TokenType.AccessToken,
    };
    expect((await exchange('user-service', swapped)).body['error']).toBe('invalid_request');
  });

  describe('impersonation', () => {
    it('needs a reason, which stands in the audit record, and leaves no act', async () => {
      expect((await exchange('support-desk', {})).body['error']).toBe('invalid_request');
      const answer = await exchange('support-desk', { reason: 'ticket 4711' });
      expect(claimsOf(answer)).toMatchObject({ sub: 'baeldung', client_id: 'support-desk' });
      expect(claimsOf(answer)).not.toHaveProperty('act');
      expect(answer.body['expires_in']).toBeLessThanOrEqual(60);
      const store = await openStore({ url: database });
      const { records } = await store.audit.query({ client: 'support-desk', limit: 10 });
      await store.close();
      expect(records.map(({ event }) => [event['outcome'], event['statedReason']])).toEqual([
        ['issued', 'ticket 4711'],
        ['rejected', undefined],
      ]);
    });

    it('never reaches a protected account', async () => {
      const fields = { subject_token: String(chief['access_token']), reason: 'curiosity' };
      expect((await exchange('support-desk', fields)).body['error']).toBe('invalid_request');
    });
  });

  describe('RFC 8693 §2.2.1: what is issued', () => {
    it('jwt is the same token under its other name', async () => {
      const { body } = await exchange('user-service', { requested_token_type: TokenType.Jwt });
      expect(body).toMatchObject({ issued_token_type: TokenType.Jwt, token_type: 'Bearer' });
    });

    it('an ID token is no access token: N_A', async () => {
      const { body } = await exchange('user-service', { requested_token_type: TokenType.IdToken });
      expect(body).toMatchObject({ issued_token_type: TokenType.IdToken, token_type: 'N_A' });
      expect(decodeJwt(String(body['access_token']))).toMatchObject({ sub: 'baeldung', aud: 'message-service' });
    });

    it('an ID token is issued only where the edge allows it', async () => {
      const { body } = await exchange('user-service', { audience: 'ledger', requested_token_type: TokenType.IdToken });
      expect(body['error']).toBe('invalid_request');
    });

    it('a resource can have its tokens signed with RS256', async () => {
      const { body } = await exchange('user-service', { audience: 'ledger' });
      expect(decodeProtectedHeader(String(body['access_token'])).alg).toBe('RS256');
    });
  });
});
