import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Injectable,
  UseFilters,
  UseGuards,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { currentAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defer, of, timer } from 'rxjs';
import { switchMap } from 'rxjs/operators';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { AccessRefused, CurrentSubject, Public, ResourceServerModule, Scopes, type GuardedRequest } from '../index.js';

/** What the application of this test keeps with a connection. */
interface Connection {
  data?: { token?: string };
  /** Of socket.io. */
  handshake?: GuardedRequest;
  /** Of ws. */
  opening?: GuardedRequest;
}

const subject = () => currentAccessToken()?.subject ?? 'nobody';

/** Who the guards behind ours have seen. */
const seen: string[] = [];

@Injectable()
class SeeingGuard implements CanActivate {
  canActivate() {
    seen.push(subject());
    return true;
  }
}

@Catch(AccessRefused)
class TellingFilter implements ExceptionFilter<AccessRefused> {
  catch({ errorCode }: AccessRefused, host: ExecutionContext) {
    const client = host
      .switchToWs()
      .getClient<{ send?(text: string): void; emit(name: string, data: unknown): void }>();
    const told = { caught: errorCode };
    if (client.send && !('handshake' in client)) client.send(JSON.stringify({ event: 'exception', data: told }));
    else client.emit('exception', told);
  }
}

@WebSocketGateway()
class WhoGateway {
  handleConnection(client: Connection, opening: GuardedRequest) {
    if (!client.handshake) client.opening = opening;
  }

  @SubscribeMessage('login')
  @Public()
  login(@ConnectedSocket() client: Connection, @MessageBody() token: string | undefined) {
    client.data = { token };
    return { event: 'login', data: 'done' };
  }

  @SubscribeMessage('who')
  @UseGuards(SeeingGuard)
  who(@CurrentSubject() decorated: string) {
    return defer(() => of({ event: 'who', data: [decorated, subject()] }));
  }

  @SubscribeMessage('later')
  later() {
    return timer(1).pipe(switchMap(() => of({ event: 'later', data: subject() })));
  }

  @SubscribeMessage('open')
  @Public()
  open() {
    return { event: 'open', data: subject() };
  }

  /** As an application does that keeps the newest token where the first one stood. */
  @SubscribeMessage('swap')
  @Public()
  swap(@ConnectedSocket() { handshake, opening }: Connection, @MessageBody() authorization: string) {
    (handshake ?? opening)!.headers.authorization = authorization;
    return { event: 'swap', data: 'done' };
  }

  @SubscribeMessage('kept')
  kept(@ConnectedSocket() { handshake, opening }: Connection) {
    return { event: 'kept', data: (handshake ?? opening)!.auth ?? {} };
  }

  @SubscribeMessage('admin')
  @Scopes('admin')
  admin() {
    return { event: 'admin', data: subject() };
  }

  @SubscribeMessage('filtered')
  @UseFilters(TellingFilter)
  @Scopes('admin')
  filtered() {
    return { event: 'filtered', data: subject() };
  }
}

/** What the server answers to one message. */
type Send = (event: string, ...payload: unknown[]) => Promise<unknown>;

const TRANSPORTS = ['ws', 'socket.io'] as const;
const CASES = ['express', 'fastify'].flatMap((platform) =>
  TRANSPORTS.map((transport) => [platform, transport] as const),
);

const ofData = (context: ExecutionContext): GuardedRequest | undefined => {
  if (context.getType() !== 'ws') return undefined;
  const { data } = context.switchToWs().getClient<Connection>();
  return data?.token === undefined ? undefined : { headers: { authorization: `Bearer ${data.token}` } };
};

/** As a connection that lives on: one and the same object for all of its messages. */
const ofConnection = (context: ExecutionContext): GuardedRequest | undefined => {
  const { handshake, opening } = context.switchToWs().getClient<Connection>();
  return opening ?? (handshake && Object.assign(handshake, { method: 'GET' }));
};

describe.each(CASES)('sockets on %s with %s', (platform, transport) => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;
  const open: { close(): void }[] = [];
  beforeAll(async () => {
    issuer = await createTestIssuer();
  });
  afterEach(async () => {
    for (const one of open.splice(0)) one.close();
    await app.close();
    seen.length = 0;
  });

  const start = async (options: object) => {
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, options)],
      providers: [WhoGateway],
    }).compile();
    app = platform === 'express' ? module.createNestApplication() : module.createNestApplication(new FastifyAdapter());
    app.useLogger(false);
    app.useWebSocketAdapter(transport === 'ws' ? new WsAdapter(app) : new IoAdapter(app));
    await app.listen(0, '127.0.0.1');
  };

  const connect = async (headers: Record<string, string> = {}): Promise<Send> => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    if (transport === 'ws') {
      const client = new WebSocket(`ws://127.0.0.1:${port}`, { headers });
      await once(client, 'open');
      open.push(client);
      return (event, ...[data]) =>
        new Promise((resolve) => {
          const answered = (message: Buffer) => {
            const answer = JSON.parse(message.toString()) as { event: string; data: unknown };
            if (answer.event !== event && answer.event !== 'exception') return;
            client.off('message', answered);
            resolve(answer.data);
          };
          client.on('message', answered);
          client.send(JSON.stringify({ event, data }));
        });
    }
    const client = io(`http://127.0.0.1:${port}`, { extraHeaders: headers, transports: ['websocket'], forceNew: true });
    await once(client as never, 'connect');
    open.push(client);
    return (event, ...payload) =>
      new Promise((resolve) => {
        client.once(event, resolve);
        client.once('exception', resolve);
        client.emit(event, ...payload);
      });
  };

  it.each([[{}], ['x'], [7], [null], [undefined], [[1, 'x']], [[{ a: 1 }]]])(
    'asks who it is for each message, whatever it holds: %j',
    async (payload) => {
      await start({ request: ofData });
      const send = await connect();
      await send('login', await issuer.token({ sub: 'alice' }));
      expect(await send('who', payload)).toEqual(['alice', 'alice']);
      await send('login', await issuer.token({ sub: 'bob' }));
      expect(await send('who', payload)).toEqual(['bob', 'bob']);
      expect(await send('later', payload)).toBe('bob');
      await send('login');
      expect(await send('who', payload)).toMatchObject({ error: 'missing_token' });
      expect(seen).toEqual(['alice', 'bob']);
    },
  );

  it('a public message knows nobody, whoever sent the one before', async () => {
    await start({ request: ofData });
    const send = await connect();
    await send('login', await issuer.token({ sub: 'alice' }));
    expect(await Promise.all([send('who', {}), send('open', {}), send('later', 'x')])).toEqual([
      ['alice', 'alice'],
      'nobody',
      'alice',
    ]);
  });

  it('says in a typed refusal why, and to a filter too', async () => {
    await start({ request: ofData });
    const send = await connect();
    await send('login', await issuer.token({ sub: 'alice' }));
    expect(await send('admin')).toEqual({
      status: 'error',
      statusCode: 403,
      error: 'insufficient_scope',
      error_description: "The scope 'admin' is required",
      message: "The scope 'admin' is required",
      scope: 'admin',
    });
    expect(await send('filtered')).toEqual({ caught: 'insufficient_scope' });
    await send('login', 'x.y.z');
    expect(await send('admin')).toMatchObject({ status: 'error', statusCode: 401, error: 'invalid_token' });
  });

  it('a token that is revoked while the connection is open answers no further message', async () => {
    let active = true;
    const server = createServer((_incoming, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ active }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await start({
      introspection: { endpoint, client: { clientId: 'service', clientSecret: 'secret' }, cacheFor: 0 },
      request: ofConnection,
    });
    const send = await connect({ authorization: `Bearer ${await issuer.token({ sub: 'alice' })}` });
    expect(await send('who', {})).toEqual(['alice', 'alice']);
    active = false;
    for (const payload of [{}, 'x', undefined, [1]]) {
      expect(await send('who', payload)).toMatchObject({ error: 'invalid_token' });
    }
    server.closeAllConnections();
    server.close();
  });

  it('RFC 9449: the request that opened the connection proves its key once, for all of its messages', async () => {
    const keys = await generateKeyPair('ES256');
    const jwk = await exportJWK(keys.publicKey);
    const token = await issuer.token({ sub: 'alice', cnf: { jkt: await calculateJwkThumbprint(jwk) } });
    await start({ dpop: { baseUrl: 'https://api.test' }, request: ofConnection });
    const ath = createHash('sha256').update(token).digest('base64url');
    const path = transport === 'ws' ? '/' : '/socket.io/';
    const dpop = await new SignJWT({ htm: 'GET', htu: `https://api.test${path}`, ath })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setJti(randomUUID())
      .setIssuedAt()
      .sign(keys.privateKey);
    const send = await connect({ authorization: `DPoP ${token}`, dpop });
    expect(await send('who', {})).toEqual(['alice', 'alice']);
    expect(await send('who', 'x')).toEqual(['alice', 'alice']);
    // what is kept with a connection would outlive a logout, and socket.io has its own `auth` there
    expect(await send('kept')).toEqual({});
    const stolen = await connect({ authorization: `DPoP ${token}`, dpop });
    expect(await stolen('who', {})).toMatchObject({ error: 'invalid_dpop_proof' });
    // the proof is of that token alone
    const other = await issuer.token({ sub: 'bob', cnf: { jkt: await calculateJwkThumbprint(jwk) } });
    await send('swap', `DPoP ${other}`);
    expect(await send('who', {})).toMatchObject({ error: 'invalid_dpop_proof' });
  });
});
