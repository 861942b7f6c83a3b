import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Global, Module, type INestApplication } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { createTestIssuer, startTestServer, type TestIssuer, type TestServer } from '@onbehalf/testing';
import { decodeJwt } from 'jose';
import {
  DownstreamClient,
  DownstreamExceptionFilter,
  downstreamToken,
  InjectDownstream,
  onBehalfOf,
  TokenExchangeModule,
} from './index.js';

const MESSAGE_URL = Symbol('MESSAGE_URL');
let issuer: TestIssuer;
let authorizationServer: TestServer;
let messageService: TestServer;
let app: INestApplication;
let tokenA: string;

@Controller()
class UserController {
  constructor(@InjectDownstream('message-service') private readonly messages: DownstreamClient) {}

  @Get('/message')
  message(): Promise<unknown> {
    return onBehalfOf(tokenA, () => this.messages.get<{ text: string }>('/message'));
  }

  @Get('/claims')
  claims(): Promise<unknown> {
    return onBehalfOf(tokenA, () => this.messages.exchangedClaims());
  }

  @Get('/nobody')
  nobody(): Promise<unknown> {
    return this.messages.get('/message');
  }
}

async function createApp(): Promise<INestApplication> {
  @Module({
    imports: [
      TokenExchangeModule.forFeature([
        { name: 'message-service', audience: 'message-service', scope: 'message.read', baseUrl: messageService.url },
      ]),
    ],
    controllers: [UserController],
  })
  class UserModule {}
  const module = await Test.createTestingModule({
    imports: [
      TokenExchangeModule.forRootAsync({
        useFactory: () => ({
          issuer: authorizationServer.url,
          clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
        }),
      }),
      UserModule,
    ],
    providers: [{ provide: APP_FILTER, useClass: DownstreamExceptionFilter }],
  }).compile();
  const created = module.createNestApplication({ logger: false });
  await created.listen(0, '127.0.0.1');
  return created;
}

beforeEach(async () => {
  issuer = await createTestIssuer();
  tokenA = await issuer.token({ sub: 'baeldung', aud: 'user-service' });
  authorizationServer = await startTestServer(async ({ path, form, headers }) => {
    if (path === '/.well-known/openid-configuration') {
      const { url } = authorizationServer;
      return { body: { issuer: url, token_endpoint: `${url}/oauth2/token` } };
    }
    if (headers.authorization !== `Basic ${Buffer.from('user-service:s3cret').toString('base64')}`) {
      return { status: 401, body: { error: 'invalid_client' } };
    }
    const { sub } = decodeJwt(form.get('subject_token') ?? '');
    return {
      body: {
        access_token: await issuer.token({
          sub,
          aud: form.get('audience'),
          scope: form.get('scope'),
          act: { sub: 'user-service' },
        }),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 300,
      },
    };
  });
  messageService = await startTestServer(({ headers }) => {
    const { sub, aud } = decodeJwt(headers.authorization?.replace('Bearer ', '') ?? '');
    return { body: { text: `for ${sub}`, aud } };
  });
  app = await createApp();
});

afterEach(async () => {
  await app.close();
  await authorizationServer.close();
  await messageService.close();
});

const ask = async (path: string): Promise<Response> => fetch(`${await app.getUrl()}${path}`);
const exchanges = () => authorizationServer.requests.filter(({ path }) => path === '/oauth2/token');

describe('TokenExchangeModule', () => {
  it('calls the next service with a token exchanged for the current one', async () => {
    expect(await (await ask('/message')).json()).toEqual({ text: 'for baeldung', aud: 'message-service' });
    expect(Object.fromEntries(exchanges()[0]?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: tokenA,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'message-service',
      scope: 'message.read',
    });
  });

  it('takes the description of a service from a factory as well', async () => {
    const forFeature = TokenExchangeModule.forFeature([
      {
        name: 'late-service',
        inject: [MESSAGE_URL],
        useFactory: (baseUrl: string) => Promise.resolve({ baseUrl, audience: 'late-service' }),
      },
    ]);
    @Module({ providers: [{ provide: MESSAGE_URL, useFactory: () => messageService.url }], exports: [MESSAGE_URL] })
    @Global()
    class UrlModule {}
    const { clientAuthentication, tokenEndpoint } = {
      clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
      tokenEndpoint: `${authorizationServer.url}/oauth2/token`,
    } as const;
    const module = await Test.createTestingModule({
      imports: [UrlModule, TokenExchangeModule.forRoot({ tokenEndpoint, clientAuthentication }), forFeature],
    }).compile();
    const late = module.get<DownstreamClient>(downstreamToken('late-service'));
    expect(await onBehalfOf(tokenA, () => late.get('/'))).toMatchObject({ aud: 'late-service' });
    await module.close();
  });

  it('shows the claims of the exchanged token, never the token', async () => {
    expect(await (await ask('/claims')).json()).toMatchObject({
      sub: 'baeldung',
      aud: 'message-service',
      act: { sub: 'user-service' },
    });
  });

  it('makes one exchange for many calls with one token', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/message')));
    answers.push(await ask('/message'));
    expect(answers.map(({ status }) => status)).toEqual(Array(21).fill(200));
    expect(exchanges()).toHaveLength(1);
    expect(messageService.requests).toHaveLength(21);
  });

  it('answers 502 with a problem document when the next service is down', async () => {
    await messageService.close();
    const answer = await ask('/message');
    expect(answer.status).toBe(502);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await answer.json()).toMatchObject({ status: 502, title: 'Bad Gateway', error: 'bad_gateway' });
  });

  it('answers 503 with Retry-After when the authorization server is down', async () => {
    await authorizationServer.close();
    const answer = await ask('/message');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('answers 403, not 401, when the exchange is refused', async () => {
    authorizationServer.answering = ({ path }) =>
      path === '/oauth2/token'
        ? { status: 400, body: { error: 'invalid_request', error_description: 'the subject token was revoked' } }
        : { body: { issuer: authorizationServer.url, token_endpoint: `${authorizationServer.url}/oauth2/token` } };
    const answer = await ask('/message');
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ error: 'access_denied' });
    expect(messageService.requests).toHaveLength(0);
  });

  it('answers 500 where there is no user, and calls nobody', async () => {
    expect((await ask('/nobody')).status).toBe(500);
    expect(authorizationServer.requests).toHaveLength(0);
  });
});
