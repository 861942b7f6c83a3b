import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Module, Param, Query, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  parseServerConfig,
  SigningKeys,
  SignIns,
} from '@onbehalf/authorization-server';
import { openStore } from '@onbehalf/authorization-store';
import { UserAgent } from '@onbehalf/testing-internal';
import type { Request, Response } from 'express';

const listening = createServer().listen(0, '127.0.0.1');
await once(listening, 'listening');
const issuer = `http://localhost:${(listening.address() as AddressInfo).port}`;
const callback = 'http://127.0.0.1:9999/callback';
const store = await openStore({ url: 'sqlite::memory:', issuer, sweepInterval: 0 });
const client = {
  clientId: 'web',
  authentication: 'none',
  grantTypes: ['authorization_code'],
  redirectUris: [callback],
};
const config = parseServerConfig({ clients: [{ ...client, scopes: ['openid'] }] }, {});

/** Who has a passkey: the route stands for whatever way of signing in an application has. */
const accounts = { findByLogin: () => undefined, find: (subject: string) => ({ subject, enabled: subject !== 'bob' }) };

@Controller('sign-in')
class PasskeyController {
  constructor(@Inject(SignIns) private readonly signIns: SignIns) {}

  @Get(':uid')
  async signIn(
    @Param('uid') uid: string,
    @Query('as') subject: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    try {
      if (subject === undefined) return void response.json(await this.signIns.begun(uid, request, response));
      response.redirect(303, await this.signIns.finish(uid, request, response, { subject, amr: ['hwk'] }));
    } catch (error) {
      response.status(403).send((error as Error).name);
    }
  }
}

@Module({
  imports: [
    AuthorizationServerModule.forRoot({
      issuer,
      config,
      accounts,
      loginView: { path: '/sign-in' },
      keys: await SigningKeys.generate(),
      storage: store,
      cookieKeys: [randomBytes(32).toString('hex')],
      nonceSecret: randomBytes(32),
    }),
  ],
  controllers: [PasskeyController],
})
class PasskeyModule {}

describe('a way of signing in of an application', () => {
  let app: NestExpressApplication;

  beforeAll(async () => {
    app = await NestFactory.create<NestExpressApplication>(PasskeyModule, { logger: false, abortOnError: false });
    app.use(app.get(AuthorizationServer).middleware);
    await app.init();
    listening.on('request', app.getHttpAdapter().getInstance() as RequestListener);
  });
  afterAll(async () => {
    listening.closeAllConnections();
    listening.close();
    await app.close();
    await store.close();
  });

  const begin = async (agent: UserAgent): Promise<globalThis.Response> => {
    const query = new URLSearchParams({
      client_id: 'web',
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid',
      nonce: 'n',
      login_hint: 'alice',
      ui_locales: 'de',
      code_challenge: 'a'.repeat(43),
      code_challenge_method: 'S256',
    });
    return agent.follow(await agent.get(`${issuer}/oauth2/authorize?${query.toString()}`));
  };

  it('is shown who asks, and ends in a code of the client', async () => {
    const agent = new UserAgent();
    const page = await begin(agent);
    expect(await page.json()).toEqual({ clientId: 'web', hint: 'alice', uiLocales: 'de' });
    const back = await agent.follow(await agent.get(`${page.url}?as=alice`), callback);
    expect(new URL(back.headers.get('location')!).searchParams.get('code')).toEqual(expect.any(String));
    const { records } = await store.trail.query({ type: 'login', limit: 1 });
    expect(records[0]?.event).toMatchObject({ type: 'login', outcome: 'accepted', subject: 'alice', amr: ['hwk'] });
  });

  it('signs nobody in who is not let in, in another browser, or twice', async () => {
    const agent = new UserAgent();
    const { url } = await begin(agent);
    expect(await (await agent.get(`${url}?as=bob`)).text()).toBe('SignInRefused');
    expect(await (await new UserAgent().get(`${url}?as=alice`)).text()).toBe('NoSuchSignIn');
    expect(await (await agent.get(`${issuer}/sign-in/another?as=alice`)).text()).toBe('NoSuchSignIn');
    await agent.follow(await agent.get(`${url}?as=alice`), callback);
    expect(await (await agent.get(`${url}?as=alice`)).text()).toBe('NoSuchSignIn');
  });
});
