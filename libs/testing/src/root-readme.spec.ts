import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { createTestExchange, fakeDownstream } from '@onbehalf/testing';
import { compareReadme } from '@onbehalf/testing-internal';
// #region service
import { Controller, Get, Module } from '@nestjs/common';
import { ResourceServerModule, Scopes } from '@onbehalf/resource-server';
import { InjectDownstream, TokenExchangeModule, type DownstreamClient } from '@onbehalf/token-exchange-client';
import { z } from 'zod';

@Controller('user')
class UserController {
  constructor(@InjectDownstream('message-service') private readonly messages: DownstreamClient) {}

  @Get('message')
  @Scopes('user.read') // the user's token must be for this service, and have this scope
  message() {
    // goes with a token for message-service: the same user, "act": { "sub": "user-service" }
    return this.messages.get('/message', { schema: z.object({ message: z.string() }) });
  }
}
// #endregion

const clientSecret = randomUUID();
const exchange = await createTestExchange({
  audience: 'user-service',
  clients: { 'user-service': clientSecret },
  rules: [{ target: 'message-service', subjectAudience: 'user-service', scopes: ['message.read'] }],
});
const messages = await fakeDownstream({
  issuer: exchange,
  audience: 'message-service',
  rules: [{ path: '/message', scope: 'message.read', answer: { body: { message: 'Hello' } } }],
});
const { issuer } = exchange;
const baseUrl = messages.url;
afterAll(() => Promise.all([messages.close(), exchange.close()]));

// #region app
@Module({
  imports: [
    ResourceServerModule.forRoot({ issuer, audience: 'user-service', global: true }),
    TokenExchangeModule.forRoot({
      issuer,
      clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret },
    }),
    TokenExchangeModule.forFeature([
      { name: 'message-service', audience: 'message-service', scope: 'message.read', baseUrl },
    ]),
  ],
  controllers: [UserController],
})
export class AppModule {}
// #endregion

it('the examples of the README at the root are those tested here', () => {
  expect(compareReadme(import.meta.url, [], '../../../README.md')).toEqual({ notQuoted: [], notTested: [] });
});

it('guards a route, and calls the next service for the same user', async () => {
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/user/message`;
  const get = async (token: string): Promise<Response> => fetch(url, { headers: { authorization: `Bearer ${token}` } });
  try {
    const answer = await get(await exchange.token({ sub: 'baeldung', scope: 'user.read' }));
    expect(await answer.json()).toEqual({ message: 'Hello' });
    expect(messages.requests).toMatchObject([
      { token: { subject: 'baeldung', audiences: ['message-service'], actors: [{ sub: 'user-service' }] } },
    ]);
    expect((await get(await exchange.token({ scope: 'other' }))).status).toBe(403);
    expect((await get(await exchange.token({ aud: 'message-service', scope: 'user.read' }))).status).toBe(401);
    expect((await fetch(url)).status).toBe(401);
  } finally {
    await app.close();
  }
});
