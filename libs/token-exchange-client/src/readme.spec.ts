import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from '@jest/globals';
import { Controller, Get, Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { startTestServer } from '@onbehalf/testing';
import { codeBlocks, compareReadme } from '@onbehalf/testing-internal';
import {
  DownstreamClient,
  DownstreamExceptionFilter,
  InjectDownstream,
  onBehalfOf,
  TokenExchangeModule,
  type SharedCache,
} from '@onbehalf/token-exchange-client';
import { z } from 'zod';
import { TwoDomains } from './across/two-domains.fixture.js';

// #region controller
@Controller()
class UserController {
  constructor(@InjectDownstream('message-service') private readonly messages: DownstreamClient) {}

  @Get('user/message')
  message() {
    return this.messages.get('/message', { schema: z.object({ message: z.string() }) });
  }
}
// #endregion

function appModule(issuer: string, baseUrl: string, clientSecret: string): Type {
  // #region module
  @Module({
    imports: [
      TokenExchangeModule.forRoot({
        issuer,
        clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret },
      }),
      TokenExchangeModule.forFeature([
        { name: 'message-service', audience: 'message-service', scope: 'message.read', baseUrl },
      ]),
    ],
    controllers: [UserController],
    providers: [{ provide: APP_FILTER, useClass: DownstreamExceptionFilter }],
  })
  class AppModule {}
  // #endregion
  return AppModule;
}

function ordersModule(clientSecret: string): DynamicModule {
  // #region across
  const forFeature = TokenExchangeModule.forFeature([
    {
      name: 'orders',
      baseUrl: 'https://orders.partner.example',
      across: {
        kind: 'id-jag',
        audience: 'https://login.partner.example',
        resource: 'https://orders.partner.example',
        scope: 'order.read',
        clientAuthentication: { method: 'client_secret_basic', clientId: 'our-app', clientSecret },
      },
    },
  ]);
  // #endregion
  return forFeature;
}

async function ordersOf(orders: DownstreamClient, idToken: string): Promise<unknown> {
  // #region subject
  const subject = { token: idToken, type: 'urn:ietf:params:oauth:token-type:id_token' };
  const answer = await onBehalfOf(subject, () => orders.get('/orders'));
  // #endregion
  return answer;
}

interface Redis {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, options: { EX: number }): Promise<unknown>;
  del(key: string): Promise<unknown>;
}

function cachedModule(redis: Redis, encryptionKey: string): unknown {
  const tokenEndpoint = 'https://login.example.com/token';
  const clientAuthentication = {
    method: 'client_secret_basic',
    clientId: 'user-service',
    clientSecret: 'secret',
  } as const;
  // #region cache
  const store: SharedCache = {
    get: (key) => redis.get(key),
    set: (key, value, seconds) => redis.set(key, value, { EX: seconds }),
    delete: (key) => redis.del(key),
  };
  const cache = { shared: { store, encryptionKey } };
  const root = TokenExchangeModule.forRoot({ tokenEndpoint, clientAuthentication, cache });
  // #endregion
  return root;
}

const authorizationServer = await startTestServer(({ path }) => {
  const { url } = authorizationServer;
  if (path.startsWith('/.well-known/')) return { body: { issuer: url, token_endpoint: `${url}/token` } };
  return {
    body: {
      access_token: 'for-message-service',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    },
  };
});
const messages = await startTestServer(({ headers }) => ({ body: { message: headers.authorization } }));
afterAll(() => Promise.all([authorizationServer.close(), messages.close()]));

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('calls the next service on behalf of the user', async () => {
  const AppModule = appModule(authorizationServer.url, messages.url, 'secret');
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const controller = module.get(UserController, { strict: false });
  const answer = await onBehalfOf('token-of-baeldung', () => controller.message());
  expect(answer).toEqual({ message: 'Bearer for-message-service' });
  expect(authorizationServer.requests.at(-1)?.form.get('scope')).toBe('message.read');
  await module.close();
});

it('takes a cache that replicas share, as Redis is one', () => {
  const redis = { get: () => Promise.resolve(null), set: () => Promise.resolve(), del: () => Promise.resolve() };
  expect(cachedModule(redis, Buffer.alloc(32, 1).toString('base64'))).toHaveProperty('module', TokenExchangeModule);
});

it('calls a service of another domain for whoever has signed in', async () => {
  const domains = await TwoDomains.open();
  expect(await ordersOf(domains.client(), domains.idToken)).toEqual({
    seen: expect.stringMatching(/^Bearer /) as unknown,
  });
  expect(domains.strays()).toEqual([]);
  await domains.close();
  expect(ordersModule('secret')).toHaveProperty('exports');
});

it('the guide to other domains quotes these examples and no other', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const examples = codeBlocks(read('../README.md'), ['ts']);
  const quoted = codeBlocks(read('../../../docs/guides/across-domains.md'), ['ts']);
  expect(quoted).toHaveLength(2);
  for (const block of quoted) expect(examples).toContain(block);
});
