import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Headers,
  Injectable,
  Module,
  Post,
  Sse,
  StreamableFile,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { currentAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { Agent, request as httpRequest, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { defer, from, interval, of, timer } from 'rxjs';
import { map, mergeMap, switchMap, take } from 'rxjs/operators';
import { AccessTokenGuard, Public, ResourceServerModule, type AuthenticatedRequest } from '../index.js';

const subject = () => currentAccessToken()?.subject ?? 'nobody';

/** What guards and interceptors of the application have seen, by name. */
const seen: Record<string, string> = {};

@Injectable()
class RolesGuard implements CanActivate {
  async canActivate(context: ExecutionContext) {
    await turn();
    const { auth } = context.switchToHttp().getRequest<Partial<AuthenticatedRequest>>();
    seen['global guard'] = `${auth?.subject} ${subject()}`;
    return true;
  }
}

@Injectable()
class LocalGuard implements CanActivate {
  canActivate() {
    seen['local guard'] = subject();
    return true;
  }
}

@Injectable()
class GlobalInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    seen['before'] = subject();
    return next.handle().pipe(
      mergeMap(async (value: unknown) => {
        await turn();
        seen['after'] = subject();
        return value;
      }),
    );
  }
}

@Injectable()
class LocalInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((value: unknown) => ((seen['local after'] = subject()), value)));
  }
}

/** More than what sockets and streams hold at once, so that the rest is asked for when the client has read. */
const CHUNKS = 200;

/** The part of Fastify that answers a request within the process. */
interface Injecting {
  inject(request: object): Promise<{ body: string }>;
}

@Controller()
class StreamController {
  constructor(private readonly host: HttpAdapterHost) {}

  @Get('within')
  async within(@Headers('x-other') authorization: string) {
    const fastify = this.host.httpAdapter.getInstance<Injecting>();
    const { body } = await fastify.inject({ url: '/guarded', headers: { authorization } });
    return `${subject()} asked for ${body}`;
  }

  @Get('defer')
  deferred() {
    return defer(() => of(subject()));
  }

  @Get('timer')
  later() {
    return timer(1).pipe(switchMap(() => from(Promise.resolve().then(subject))));
  }

  @Get('promise')
  promised() {
    return Promise.resolve(defer(() => of(subject())));
  }

  @Sse('sse')
  sse() {
    return interval(1).pipe(
      take(3),
      map(() => ({ data: subject() })),
    );
  }

  @Sse('sse-promise')
  async sseOfPromise() {
    await turn();
    return defer(() => from([1, 2].map(() => ({ data: subject() }))));
  }

  @Get('file')
  file() {
    return new StreamableFile(Readable.from(chunks()));
  }

  @Post('body')
  body(@Body() body: object) {
    return { ...body, subject: subject() };
  }

  @Get('guarded')
  @UseGuards(LocalGuard)
  @UseInterceptors(LocalInterceptor)
  guarded() {
    return subject();
  }

  @Get('open')
  @Public()
  open() {
    return subject();
  }
}

async function* chunks() {
  for (let i = 0; i < CHUNKS; i++) {
    await turn();
    yield `${subject()}${' '.repeat(16 * 1024)}\n`;
  }
}

describe.each(['express', 'fastify'])('the token of a request on %s', (platform) => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;
  let agent: Agent;
  beforeAll(async () => {
    issuer = await createTestIssuer();
  });
  beforeEach(async () => {
    @Module({
      imports: [ResourceServerModule.forTesting(issuer)],
      controllers: [StreamController],
      providers: [
        { provide: APP_GUARD, useClass: RolesGuard },
        { provide: APP_INTERCEPTOR, useClass: GlobalInterceptor },
      ],
    })
    class RootModule {}
    const module = await Test.createTestingModule({ imports: [RootModule] }).compile();
    app = platform === 'express' ? module.createNestApplication() : module.createNestApplication(new FastifyAdapter());
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  });
  afterEach(async () => {
    agent.destroy();
    await app.close();
    for (const name of Object.keys(seen)) delete seen[name];
  });

  const port = () => (app.getHttpServer().address() as AddressInfo).port;
  const call = async (path: string, sub?: string, body?: object, more?: Record<string, string>) => {
    const authorization = sub && `Bearer ${await issuer.token({ sub })}`;
    const headers = {
      ...more,
      ...(authorization && { authorization }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const method = body ? 'POST' : 'GET';
    return new Promise<string>((resolve, reject) => {
      const sent = httpRequest({ port: port(), host: '127.0.0.1', path, method, headers, agent }, (response) => {
        text(response).then(resolve, reject);
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  };

  // one connection serves them in turn: what is kept with the connection would be of the first
  it.each(['/defer', '/timer', '/promise'])('reaches an Observable: %s', async (path) => {
    expect(await call(path, 'alice')).toBe('alice');
    expect(await call(path, 'bob')).toBe('bob');
  });

  it.each(['/sse', '/sse-promise'])('reaches the events of %s', async (path) => {
    for (const sub of ['alice', 'bob']) {
      const events = [...(await call(path, sub)).matchAll(/^data: (.*)$/gm)].map(([, data]) => data);
      expect(new Set(events)).toEqual(new Set([sub]));
      expect(events.length).toBeGreaterThan(1);
    }
  });

  it('reaches the generator of a file to its last chunk, whatever the pace of the client', async () => {
    for (const sub of ['alice', 'bob']) {
      const lines = (await call('/file', sub)).trimEnd().split('\n');
      expect(lines).toHaveLength(CHUNKS);
      expect(new Set(lines.map((line) => line.trim()))).toEqual(new Set([sub]));
    }
  });

  it('is there after a body was read', async () => {
    expect(JSON.parse(await call('/body', 'alice', { a: 1 }))).toEqual({ a: 1, subject: 'alice' });
    expect(seen['global guard']).toBe('alice alice');
  });

  it('is there for guards behind ours, wherever they stand, and for interceptors before and after the handler', async () => {
    expect(await call('/guarded', 'alice')).toBe('alice');
    expect(seen).toEqual({
      'global guard': 'alice alice',
      'local guard': 'alice',
      before: 'alice',
      after: 'alice',
      'local after': 'alice',
    });
  });

  it('is not there on a public route, after another request on the same connection', async () => {
    expect(await call('/guarded', 'alice')).toBe('alice');
    expect(await call('/open')).toBe('nobody');
    expect(await call('/open', 'bob')).toBe('nobody');
  });

  it('is each one’s own where the client would rather speak another protocol', async () => {
    const upgrade = { connection: 'Upgrade', upgrade: 'h2c' };
    expect(await call('/guarded', 'alice', undefined, upgrade)).toBe('alice');
    expect(await call('/timer', 'bob', undefined, upgrade)).toBe('bob');
    expect(seen['local guard']).toBe('alice');
    expect(await call('/guarded', 'bob', undefined, upgrade)).toBe('bob');
    expect(seen).toMatchObject({ 'global guard': 'bob bob', 'local guard': 'bob' });
    expect(await call('/open', undefined, undefined, upgrade)).toBe('nobody');
  });

  (platform === 'fastify' ? it : it.skip)('stays that of a handler in which another request is answered', async () => {
    const others = { 'x-other': `Bearer ${await issuer.token({ sub: 'bob' })}` };
    expect(await call('/within', 'alice', undefined, others)).toBe('alice asked for bob');
    expect(seen['local guard']).toBe('bob');
  });

  it('is each one’s own when requests come in one piece', async () => {
    const [alice, bob] = await Promise.all(['alice', 'bob'].map((sub) => issuer.token({ sub })));
    const lines = (path: string, token?: string) =>
      `GET ${path} HTTP/1.1\r\nHost: a\r\n${token ? `Authorization: Bearer ${token}\r\n` : ''}\r\n`;
    const socket = connect(port(), '127.0.0.1');
    const last = `GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    socket.write(lines('/timer', alice) + lines('/defer', bob) + lines('/guarded', alice) + last);
    const answers = [...(await text(socket)).matchAll(/alice|bob|nobody/g)].map(([name]) => name);
    expect(answers).toEqual(['alice', 'bob', 'alice', 'nobody']);
  });
});

describe('where only some routes are guarded', () => {
  @Controller()
  class LocalController {
    @Get('local')
    @UseGuards(AccessTokenGuard)
    local() {
      return subject();
    }
  }

  @Controller()
  @UseGuards(AccessTokenGuard)
  class ClassController {
    @Get('local')
    local() {
      return subject();
    }
  }

  it.each([
    ['a method', LocalController],
    ['a class', ClassController],
  ])('a global role guard runs behind AccessTokenGuard of %s all the same', async (_case, controller) => {
    const issuer = await createTestIssuer();
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, { global: false })],
      controllers: [controller],
      providers: [{ provide: APP_GUARD, useClass: RolesGuard }],
    }).compile();
    const app = module.createNestApplication<INestApplication<Server>>();
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const get = async (headers: Record<string, string>) =>
      (await fetch(`http://127.0.0.1:${port}/local`, { headers })).status;
    expect(await get({ authorization: `Bearer ${await issuer.token({ sub: 'alice' })}` })).toBe(200);
    expect(seen['global guard']).toBe('alice alice');
    delete seen['global guard'];
    expect(await get({})).toBe(401);
    expect(seen).toEqual({});
    await app.close();
  });
});
