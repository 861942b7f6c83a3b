import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  credentials,
  loadPackageDefinition,
  Metadata,
  status,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import {
  Catch,
  Controller,
  Get,
  UseFilters,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import {
  ClientProxyFactory,
  GrpcMethod,
  MessagePattern,
  RpcException,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { currentAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom, throwError, type Observable } from 'rxjs';
import request from 'supertest';
import { AccessRefused, CurrentSubject, Public, ResourceServerModule, Scopes, type GuardedRequest } from '../index.js';

const packageDefinition = fromJSON({
  nested: {
    messages: {
      nested: {
        Messages: {
          methods: {
            Read: { requestType: 'Empty', responseType: 'Text', comment: '' },
            Open: { requestType: 'Empty', responseType: 'Text', comment: '' },
          },
        },
        Empty: { fields: {} },
        Text: { fields: { text: { type: 'string', id: 1 } } },
      },
    },
  },
});

/** What an application does so that its RPC clients can tell refusals apart. */
@Catch(AccessRefused)
class RefusalFilter implements ExceptionFilter<AccessRefused> {
  catch({ errorCode, message }: AccessRefused): Observable<never> {
    const code = errorCode === 'insufficient_scope' ? status.PERMISSION_DENIED : status.UNAUTHENTICATED;
    return throwError(() => new RpcException({ code, message: `${errorCode}: ${message}` }).getError());
  }
}

@Controller()
@UseFilters(RefusalFilter)
class MessageController {
  @GrpcMethod('Messages', 'Read')
  @Scopes('message.read')
  read(@CurrentSubject() subject: string) {
    return { text: `for ${subject}` };
  }

  @GrpcMethod('Messages', 'Open')
  @Public()
  open() {
    return { text: 'open' };
  }

  @MessagePattern('read')
  @Scopes('message.read')
  readByMessage(@CurrentSubject() subject: string) {
    return { text: `for ${subject}` };
  }
}

class MessageResolver {
  @Scopes('message.read')
  message() {
    const token = currentAccessToken();
    return { subject: token?.subject, actor: token?.actors[0] };
  }
}

@Controller()
class GraphqlController {
  constructor(private readonly contexts: ExternalContextCreator) {}

  /** As a GraphQL server calls a resolver: with root, arguments, context and info. */
  resolve(req: IncomingMessage): Promise<unknown> {
    const resolver = new MessageResolver();
    const call = this.contexts.create(
      resolver,
      // eslint-disable-next-line @typescript-eslint/unbound-method -- the decorators stand on the method itself
      resolver.message,
      'message',
      undefined,
      undefined,
      undefined,
      undefined,
      { guards: true, filters: true, interceptors: true },
      'graphql',
    );
    return call({}, {}, { req }, {}) as Promise<unknown>;
  }

  @Get('plain')
  @Public()
  plain() {
    return 'plain';
  }
}

/** Where the application of this test puts the token when it has no headers. */
interface Message {
  readonly token?: string;
}

const finder = (context: ExecutionContext): GuardedRequest | undefined => {
  if (context.getType() !== 'rpc') return undefined;
  const { token } = context.switchToRpc().getData<Message>();
  return token === undefined ? undefined : { headers: { authorization: `Bearer ${token}` } };
};

interface Outcome {
  readonly text?: string;
  readonly code?: number;
  readonly details?: string;
}

describe('microservices', () => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let call: (method: 'Read' | 'Open', authorization?: string) => Promise<Outcome>;
  let send: (message: Message) => Promise<unknown>;
  let closeClients: () => void;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, { request: finder })],
      controllers: [MessageController],
    }).compile();
    app = module.createNestApplication();
    app.useLogger(false);
    const [grpcPort, tcpPort] = await Promise.all([freePort(), freePort()]);
    const inherit = { inheritAppConfig: true };
    const url = `127.0.0.1:${grpcPort}`;
    app.connectMicroservice<MicroserviceOptions>(
      { transport: Transport.GRPC, options: { package: 'messages', packageDefinition, url } },
      inherit,
    );
    app.connectMicroservice<MicroserviceOptions>(
      { transport: Transport.TCP, options: { host: '127.0.0.1', port: tcpPort } },
      inherit,
    );
    await app.startAllMicroservices();
    await app.init();

    const { Messages } = loadPackageDefinition(packageDefinition)['messages'] as unknown as {
      Messages: ServiceClientConstructor;
    };
    const client = new Messages(url, credentials.createInsecure());
    call = (method, authorization) =>
      new Promise((resolve) => {
        const metadata = new Metadata();
        if (authorization) metadata.set('authorization', authorization);
        const answered = (error: ServiceError | null, answer?: { text: string }) =>
          resolve(error ? { code: error.code, details: error.details } : { text: answer!.text });
        // eslint-disable-next-line @typescript-eslint/no-unsafe-call -- methods of a loaded package are untyped
        client[method]!({}, metadata, answered);
      });
    const tcp = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port: tcpPort } });
    send = (message) => firstValueFrom(tcp.send<unknown>('read', message));
    closeClients = () => {
      client.close();
      void tcp.close();
    };
  });
  afterAll(async () => {
    closeClients();
    await app.close();
  });

  it('gRPC: reads the token from the metadata', async () => {
    const token = await issuer.token({ scope: 'message.read', sub: 'baeldung' });
    expect(await call('Read', `Bearer ${token}`)).toEqual({ text: 'for baeldung' });
  });

  it('gRPC: refuses what HTTP refuses', async () => {
    const other = await issuer.token({ scope: 'message.read', aud: 'other' });
    expect(await call('Read')).toEqual({ code: 16, details: 'missing_token: An access token is required' });
    expect(await call('Read', `Bearer ${other}`)).toEqual({
      code: 16,
      details: "invalid_token: Invalid audience claim. Expected 'service', got 'other'",
    });
    expect(await call('Read', `Bearer ${await issuer.token()}`)).toMatchObject({ code: 7 });
  });

  it('gRPC: lets anyone call a public method', async () => {
    expect(await call('Open')).toEqual({ text: 'open' });
  });

  it('a finder says where other transports have the token', async () => {
    const token = await issuer.token({ scope: 'message.read', sub: 'baeldung' });
    expect(await send({ token })).toEqual({ text: 'for baeldung' });
    await expect(send({})).rejects.toMatchObject({ message: 'missing_token: An access token is required' });
    await expect(send({ token: 'x' })).rejects.toMatchObject({ message: 'invalid_token: The token is not a JWT' });
  });
});

describe('GraphQL-style contexts', () => {
  it('read the request from the context, verify it once and challenge as HTTP does', async () => {
    const issuer = await createTestIssuer();
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, { externalHandlers: [MessageResolver] })],
      controllers: [GraphqlController],
      providers: [MessageResolver],
    }).compile();
    const app: INestApplication<Server> = module.createNestApplication();
    app.use('/graphql', (req: IncomingMessage, res: { json(body: unknown): void }) => {
      const resolve = () => app.get(GraphqlController).resolve(req);
      Promise.all([resolve(), resolve()]).then(
        (data) => res.json({ data }),
        (error: AccessRefused) => res.json({ error: error.errorCode }),
      );
    });
    await app.init();
    const post = async (claims?: Record<string, unknown>) => {
      const sent = request(app.getHttpServer()).post('/graphql');
      return claims ? sent.auth(await issuer.token(claims), { type: 'bearer' }) : sent;
    };
    const message = { subject: 'user', actor: { sub: 'agent' } };
    expect((await post({ scope: 'message.read', act: { sub: 'agent' } })).body).toEqual({ data: [message, message] });
    const refused = await post();
    expect([refused.body, refused.headers['www-authenticate']]).toEqual([
      { error: 'missing_token' },
      'Bearer scope="message.read"',
    ]);
    expect((await post({})).body).toEqual({ error: 'insufficient_scope' });
    await app.close();
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
