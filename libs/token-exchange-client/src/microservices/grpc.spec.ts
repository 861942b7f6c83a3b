import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  GrpcMethod,
  Payload,
  Transport,
  type ClientGrpcProxy,
  type GrpcOptions,
} from '@nestjs/microservices';
import type { Actor } from '@onbehalf/oauth-protocol';
import { CurrentActor, CurrentSubject, ResourceServerModule, Scopes } from '@onbehalf/resource-server';
import { createTestIssuer, startTestServer, type TestIssuer, type TestServer } from '@onbehalf/testing';
import { decodeJwt } from 'jose';
import { createServer, type AddressInfo } from 'node:net';
import { firstValueFrom, type Observable } from 'rxjs';
import {
  DownstreamExceptionFilter,
  DownstreamClient,
  InjectDownstream,
  onBehalfOf,
  TokenExchangeModule,
  TokenExchangeService,
} from '../index.js';
import { carryOnBehalf } from './message-headers.js';

const packageDefinition = fromJSON({
  nested: {
    messages: {
      nested: {
        Messages: { methods: { read: { requestType: 'Question', responseType: 'Answer', comment: '' } } },
        Question: { fields: { topic: { type: 'string', id: 1 } } },
        Answer: {
          fields: {
            text: { type: 'string', id: 1 },
            subject: { type: 'string', id: 2 },
            actor: { type: 'string', id: 3 },
            next: { type: 'string', id: 4 },
          },
        },
      },
    },
  },
});

interface Answer {
  readonly text: string;
  readonly subject: string;
  readonly actor: string;
  readonly next: string;
}

interface Messages {
  read(question: { topic: string }, metadata?: Metadata): Observable<Answer>;
}

let issuer: TestIssuer;
let authorizationServer: TestServer;
let userService: TestServer;
let microservice: INestMicroservice;
let client: ClientGrpcProxy;
let messages: Messages;
const handled: string[] = [];

@Controller()
class MessagesController {
  constructor(@InjectDownstream('user-service') private readonly users: DownstreamClient) {}

  @GrpcMethod('Messages', 'read')
  @Scopes('message.read')
  async read(
    @Payload() { topic }: { topic: string },
    @CurrentSubject() subject: string,
    @CurrentActor() actor: Actor | undefined,
  ): Promise<Answer> {
    handled.push(topic);
    const { authorization } = await this.users.get<{ authorization: string }>('/profile');
    const next = decodeJwt(authorization.replace('Bearer ', ''));
    return { text: `about ${topic}`, subject, actor: actor?.sub ?? '', next: JSON.stringify([next.aud, next['act']]) };
  }
}

/** An authorization server for two clients, each of which acts on top of who acted before. */
async function exchangeAnswer(form: URLSearchParams, authorization = ''): Promise<{ body: object }> {
  const [client] = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':');
  const { sub, act } = decodeJwt(form.get('subject_token') ?? '');
  const claims = { sub, aud: form.get('audience'), scope: form.get('scope'), client_id: client };
  return {
    body: {
      access_token: await issuer.token({ ...claims, act: { sub: client, ...(act ? { act } : {}) } }),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeEach(async () => {
  handled.length = 0;
  issuer = await createTestIssuer();
  authorizationServer = await startTestServer(({ form, headers }) => exchangeAnswer(form, headers.authorization));
  userService = await startTestServer(({ headers }) => ({ body: { authorization: headers.authorization } }));
  @Module({
    imports: [
      ResourceServerModule.forRoot({
        issuer: issuer.issuer,
        jwks: issuer.jwks,
        audience: 'message-service',
        global: true,
      }),
      TokenExchangeModule.forRoot({
        tokenEndpoint: `${authorizationServer.url}/token`,
        clientAuthentication: { method: 'client_secret_basic', clientId: 'message-service', clientSecret: 's3cret' },
      }),
      TokenExchangeModule.forFeature([{ name: 'user-service', audience: 'user-service', baseUrl: userService.url }]),
    ],
    controllers: [MessagesController],
    providers: [{ provide: APP_FILTER, useClass: DownstreamExceptionFilter }],
  })
  class MessageServiceModule {}
  const url = `127.0.0.1:${await freePort()}`;
  const options = {
    transport: Transport.GRPC,
    options: { url, package: 'messages', packageDefinition },
  } as GrpcOptions;
  microservice = await NestFactory.createMicroservice<GrpcOptions>(MessageServiceModule, { ...options, logger: false });
  await microservice.listen();
  client = ClientProxyFactory.create(options) as unknown as ClientGrpcProxy;
  messages = client.getService<Messages>('Messages');
});

afterEach(async () => {
  client.close();
  await microservice.close();
  await Promise.all([authorizationServer.close(), userService.close()]);
});

describe('on behalf of a user over gRPC', () => {
  const caller = () =>
    new TokenExchangeService({
      tokenEndpoint: `${authorizationServer.url}/token`,
      clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
    }).downstream({ name: 'message-service', audience: 'message-service', scope: 'message.read' });

  it('the exchanged token travels as metadata, is verified by the guard, and is exchanged again for the next hop', async () => {
    const tokenA = await issuer.token({ sub: 'baeldung', aud: 'user-service' });
    const answer = await onBehalfOf(tokenA, async () =>
      firstValueFrom(messages.read({ topic: 'tokens' }, await carryOnBehalf(caller(), new Metadata()))),
    );
    expect(answer).toMatchObject({ text: 'about tokens', subject: 'baeldung', actor: 'user-service' });
    expect(JSON.parse(answer.next)).toEqual(['user-service', { sub: 'message-service', act: { sub: 'user-service' } }]);
    const [first, second] = authorizationServer.requests.map(({ form }) => form.get('subject_token'));
    expect(first).toBe(tokenA);
    expect(decodeJwt(second ?? '')).toMatchObject({ aud: 'message-service', sub: 'baeldung' });
  });

  it('a failure further down reaches the caller as an error that tells nothing secret', async () => {
    const tokenA = await issuer.token({ sub: 'baeldung', aud: 'user-service' });
    userService.answering = () => ({ status: 500 });
    const metadata = await onBehalfOf(tokenA, () => carryOnBehalf(caller(), new Metadata()));
    const error = await firstValueFrom(messages.read({ topic: 'tokens' }, metadata)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 14, details: 'A service that is needed for this request is unavailable' });
    expect(JSON.stringify(error)).not.toContain('eyJ');
  });

  it('without a token, or with the token of another audience, the guard refuses', async () => {
    await expect(firstValueFrom(messages.read({ topic: 'tokens' }))).rejects.toThrow();
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await issuer.token({ aud: 'user-service', scope: 'message.read' })}`);
    await expect(firstValueFrom(messages.read({ topic: 'tokens' }, metadata))).rejects.toThrow();
    expect(handled).toEqual([]);
    expect(authorizationServer.requests).toHaveLength(0);
  });
});
