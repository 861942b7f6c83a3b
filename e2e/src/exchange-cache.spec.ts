import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, ResourceServerModule } from '@onbehalf/resource-server';
import type { JWTPayload } from 'jose';
import type { Server } from 'node:http';
import { type Answer, basic, logIn, postForm, toAnswer, UserAgent } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { until } from './until.js';

interface MessageAnswer {
  readonly hops: readonly { readonly service: string; readonly claims: JWTPayload }[];
}

describe('the exchange cache, through the apps', () => {
  let system: System;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server', 'user-service', 'message-service');
  }, 60_000);

  afterAll(() => system.down());

  async function tokenA(): Promise<string> {
    const { body } = await logIn({
      issuer: system.url('auth-server'),
      clientId: 'client-app',
      redirectUri: `${system.url('client-app')}/callback`,
      scope: 'openid profile user.read',
      authorization: basic('client-app', 'client-app-secret'),
    });
    return String(body['access_token']);
  }

  const message = async (token: string): Promise<Answer> =>
    toAnswer(
      await fetch(`${system.url('user-service')}/user/message`, { headers: { authorization: `Bearer ${token}` } }),
    );

  const jtis = ({ body }: Answer): unknown[] => (body as unknown as MessageAnswer).hops.map(({ claims }) => claims.jti);

  it('100 user calls cause one exchange', async () => {
    const token = await tokenA();
    const answers = await Promise.all(Array.from({ length: 100 }, () => message(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(100).fill(200));
    // Token A, one Token B, one Token C: a second exchange would have made a second one
    expect(new Set(answers.flatMap(jtis)).size).toBe(3);
  });

  it('another login of the same user is another subject token: nothing is reused', async () => {
    const [one, other] = [await message(await tokenA()), await message(await tokenA())];
    expect(new Set([...jtis(one), ...jtis(other)]).size).toBe(6);
  });

  it('a revoked token is not exchanged any more: 401, so that its holder refreshes or logs in again (RFC 6750 §3.1)', async () => {
    const token = await tokenA();
    const authorization = basic('client-app', 'client-app-secret');
    const revoked = await postForm(`${system.url('auth-server')}/oauth2/revoke`, { token }, { authorization });
    expect(revoked.status).toBe(200);
    const { status, headers, body } = await message(token);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(body).toMatchObject({ status: 401, error: 'invalid_token' });
  });
});

@Controller('message')
class MessageController {
  @Get()
  read(@AccessToken() { claims }: VerifiedAccessToken): object {
    return { message: 'hello', hops: [{ service: 'message-service', claims }] };
  }
}

describe('the end of reuse, where the next service follows the revocation feed', () => {
  let system: System;
  let messageService: INestApplication<Server>;
  let userService: System;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server');
    const issuer = system.url('auth-server');
    const client = { clientId: 'message-service', clientSecret: 'message-service-secret' };
    const revocationFeed = { url: `${issuer}/oauth2/revocations`, client, interval: 1 };
    @Module({
      imports: [ResourceServerModule.forRoot({ issuer, audience: 'message-service', global: true, revocationFeed })],
      controllers: [MessageController],
    })
    class MessageServiceModule {}
    messageService = await NestFactory.create(MessageServiceModule, { logger: false });
    await messageService.listen(0, '127.0.0.1');
    // user-service itself looks at no feed here, so that the refusal is the next service's
    const settings = { MESSAGE_SERVICE_URL: await messageService.getUrl(), REVOCATIONS_URI: '' };
    userService = new System(system.ports, settings);
    await userService.up('user-service');
  }, 60_000);

  afterAll(async () => {
    await userService.down();
    await messageService.close();
    await system.down();
  });

  const client = { authorization: basic('client-app', 'client-app-secret') };

  async function login(agent: UserAgent): Promise<Record<'access_token' | 'id_token', string>> {
    const issuer = system.url('auth-server');
    const redirectUri = `${system.url('client-app')}/callback`;
    const login = { issuer, clientId: 'client-app', redirectUri, scope: 'openid user.read', ...client };
    return (await logIn(login, agent)).body as never;
  }

  const message = async (token: string): Promise<number> =>
    (await fetch(`${system.url('user-service')}/user/message`, { headers: { authorization: `Bearer ${token}` } }))
      .status;

  it.each<[string, (agent: UserAgent, tokens: Record<'access_token' | 'id_token', string>) => Promise<unknown>]>([
    [
      'a revocation',
      (_agent, { access_token: token }) => postForm(`${system.url('auth-server')}/oauth2/revoke`, { token }, client),
    ],
    [
      'a logout',
      async (agent, { id_token: hint }) => {
        const page = await agent.get(`${system.url('auth-server')}/connect/logout?id_token_hint=${hint}`);
        const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(await page.text()) ?? [];
        return agent.submit(`${system.url('auth-server')}/connect/logout/confirm`, { xsrf, logout: 'yes' });
      },
    ],
  ])(
    '%s ends the reuse of what was exchanged, within 5 s',
    async (_case, end) => {
      const agent = new UserAgent();
      const tokens = await login(agent);
      expect(await message(tokens.access_token)).toBe(200);
      await end(agent, tokens);
      await until(async () => (await message(tokens.access_token)) === 401, 5000);
      // another session of the same user is not touched
      expect(await message((await login(new UserAgent())).access_token)).toBe(200);
    },
    20_000,
  );
});
