import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { ResourceServerModule } from '@onbehalf/resource-server';
import { type Answer, basic, logIn, postForm, requirement, toAnswer, UserAgent } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { System } from '../../tools/system.ts';
import { until } from './until.js';

const CLIENT = { authorization: basic('client-app', 'client-app-secret') };
const SERVICES = {
  'user-service': { authorization: basic('user-service', 'user-service-secret') },
  'message-service': { authorization: basic('message-service', 'message-service-secret') },
};
type Service = keyof typeof SERVICES;

@Controller()
class MessageController {
  @Get('message')
  read(): string {
    return 'hello';
  }
}

describe('revocation follows the lineage of exchanged tokens', () => {
  let system: System;

  const url = (path: string): string => `${system.url('auth-server')}${path}`;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server');
  }, 60_000);

  afterAll(() => system.down());

  async function login(
    agent = new UserAgent(),
  ): Promise<Record<'access_token' | 'refresh_token' | 'id_token', string>> {
    const redirectUri = `${system.url('client-app')}/callback`;
    const issuer = system.url('auth-server');
    const answer = await logIn(
      { issuer, clientId: 'client-app', redirectUri, scope: 'openid user.read', ...CLIENT },
      agent,
    );
    return answer.body as never;
  }

  async function exchange(service: Service, token: string, audience: Service): Promise<string> {
    const fields = { subject_token: token, subject_token_type: TokenType.AccessToken, audience };
    const form = { grant_type: GrantType.TokenExchange, ...fields };
    const { status, body } = await postForm(url('/oauth2/token'), form, SERVICES[service]);
    expect(status).toBe(200);
    return String(body['access_token']);
  }

  /** Token A, and the tokens B and C that descend from it. */
  async function lineage(tokenA: string): Promise<[string, string, string]> {
    const tokenB = await exchange('user-service', tokenA, 'message-service');
    return [tokenA, tokenB, await exchange('message-service', tokenB, 'user-service')];
  }

  async function isActive(token: string): Promise<unknown> {
    const service = [decodeJwt(token).aud].flat()[0] as Service;
    return (await postForm(url('/oauth2/introspect'), { token }, SERVICES[service])).body['active'];
  }

  function feed(since?: string, headers: Record<string, string> = {}): Promise<Answer> {
    const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
    return fetch(url(`/oauth2/revocations${query}`), { headers: { ...SERVICES['message-service'], ...headers } }).then(
      toAnswer,
    );
  }

  const revoke = (token: string): Promise<Answer> => postForm(url('/oauth2/revoke'), { token }, CLIENT);

  describe('GET /oauth2/revocations', () => {
    it.each<[string, Record<string, string>, number, string]>([
      ['no client', {}, 401, 'invalid_client'],
      ['a wrong secret', { authorization: basic('message-service', 'wrong') }, 401, 'invalid_client'],
      ['an unknown client', { authorization: basic('nobody', 'secret') }, 401, 'invalid_client'],
      ['broken credentials', { authorization: 'Basic %%%' }, 401, 'invalid_client'],
      ['a client that is no resource server', CLIENT, 403, 'unauthorized_client'],
    ])('%s is refused', async (_case, headers, status, error) => {
      const answer = await toAnswer(await fetch(url('/oauth2/revocations'), { headers }));
      expect([answer.status, answer.body['error']]).toEqual([status, error]);
      expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Basic realm="revocations"' : null);
    });

    it.each([
      ['no cursor', 'x'],
      ['empty', ''],
      ['of another kind', 'W10'],
      ['endless', 'a'.repeat(5000)],
    ])('a since that is %s is refused', async (_case, since) => {
      const { status, body } = await feed(since);
      expect([status, body['error']]).toEqual([400, 'invalid_request']);
    });

    it('lists a revoked token with its descendants, then only what is new, then 304', async () => {
      const { cursor } = (await feed()).body as { cursor: string };
      const tokens = await lineage((await login()).access_token);
      await revoke(tokens[0]);
      const { headers, body } = await feed(cursor);
      expect(headers.get('cache-control')).toBe('private, no-cache');
      const claims = tokens.map((token) => decodeJwt(token));
      const entries = claims.map(({ jti, exp }) => ({ jti, exp }));
      expect((body['tokens'] as typeof entries).toSorted(byId)).toEqual(entries.toSorted(byId));

      const next = await feed(String(body['cursor']));
      expect(next.body).toEqual({ tokens: [], cursor: body['cursor'] });
      const unchanged = await feed(String(body['cursor']), { 'if-none-match': next.headers.get('etag')! });
      expect([unchanged.status, unchanged.headers.get('etag')]).toEqual([304, next.headers.get('etag')]);
      await revoke((await login()).access_token);
      const changed = await feed(String(body['cursor']), { 'if-none-match': next.headers.get('etag')! });
      expect([changed.status, (changed.body['tokens'] as unknown[]).length]).toEqual([200, 1]);
    });
  });

  it('logout revokes what the session gave, and what was exchanged from it', async () => {
    const agent = new UserAgent();
    const { access_token, refresh_token, id_token } = await login(agent);
    const tokens = await lineage(access_token);
    expect(await Promise.all(tokens.map(isActive))).toEqual([true, true, true]);
    const page = await agent.get(url(`/connect/logout?id_token_hint=${id_token}`));
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(await page.text()) ?? [];
    await agent.submit(url('/connect/logout/confirm'), { xsrf, logout: 'yes' });
    expect(await Promise.all(tokens.map(isActive))).toEqual([false, false, false]);
    const again = await postForm(url('/oauth2/token'), { grant_type: 'refresh_token', refresh_token }, CLIENT);
    expect(again.body['error']).toBe('invalid_grant');
  });

  it(
    requirement(
      'RFC7009-2.1-same-grant',
      'the authorization server SHOULD also invalidate all access tokens based on the same authorization grant',
    ),
    async () => {
      const { access_token, refresh_token } = await login();
      const tokens = await lineage(access_token);
      await revoke(refresh_token);
      expect(await Promise.all(tokens.map(isActive))).toEqual([false, false, false]);
    },
  );

  it('a guard with the feed refuses a descendant within 5 s', async () => {
    const revocationFeed = {
      url: url('/oauth2/revocations'),
      client: { clientId: 'message-service', clientSecret: 'message-service-secret' },
    };
    const options = { issuer: system.url('auth-server'), audience: 'message-service', global: true, revocationFeed };
    @Module({ imports: [ResourceServerModule.forRoot(options)], controllers: [MessageController] })
    class GuardedModule {}
    const app: INestApplication<Server> = await NestFactory.create(GuardedModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    try {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const [tokenA, tokenB] = await lineage((await login()).access_token);
      const call = (): Promise<Answer> =>
        fetch(`http://127.0.0.1:${port}/message`, { headers: { authorization: `Bearer ${tokenB}` } }).then(toAnswer);
      expect((await call()).status).toBe(200);
      await revoke(tokenA);
      await until(async () => (await call()).status === 401, 5000);
      expect((await call()).headers.get('www-authenticate')).toContain('The token has been revoked');
    } finally {
      await app.close();
    }
  }, 20_000);
});

function byId(left: { jti?: string | undefined }, right: { jti?: string | undefined }): number {
  return (left.jti ?? '').localeCompare(right.jti ?? '');
}
