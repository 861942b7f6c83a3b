import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, get as httpGet, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, propagation } from '@opentelemetry/api';
import { Controller, Get, HttpCode, Injectable, Logger, Module, Post } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { z } from 'zod';
import { createApp, type AppOptions, type CreatedApp } from './create-app.js';
import { currentTraceId } from '../telemetry/tracing.js';

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJiYWVsZHVuZyJ9.c2lnbmF0dXJl';
let asked = Promise.withResolvers<void>();
let answer = Promise.withResolvers<void>();

@Injectable()
class Keys {
  static up = true;
  constructor(private readonly health: HealthIndicatorService) {}
  check(key: string): HealthIndicatorResult {
    return Keys.up ? this.health.check(key).up() : this.health.check(key).down();
  }
}

/** As an HTTP client throws it: the request, with its token, is a member of the error. */
function failure(): Error {
  return Object.assign(new Error(`refused ${TOKEN}`), {
    code: 'ECONNREFUSED',
    config: { headers: { Authorization: 'Bearer opaque-token' } },
  });
}

@Controller()
class Things {
  @Get('thing')
  thing(): { traceId: string | undefined } {
    new Logger('Things').log({ authorization: `Bearer ${TOKEN}`, nested: { access_token: 'opaque-token' } }, 'thing');
    return { traceId: currentTraceId() };
  }

  @Get('fail')
  fail(): never {
    throw failure();
  }

  @Get('onwards')
  onwards(): Record<string, string> {
    const headers = {};
    propagation.inject(context.active(), headers);
    return headers;
  }

  @Post('echo')
  echo(): { traceId: string | undefined } {
    return { traceId: currentTraceId() };
  }

  @Get('repeated')
  repeated(): void {
    new Logger('Things').warn({ name: 'Error', level: 'x', time: 'x', msg: 'x', traceId: 'x' }, 'repeated');
  }

  @Get('same')
  @HttpCode(304)
  same(): void {}

  @Get('slow')
  async slow(): Promise<string> {
    asked.resolve();
    await answer.promise;
    return 'done';
  }
}

@Module({ controllers: [Things], providers: [Keys] })
class ThingsModule {}

const lines: string[] = [];
const options: AppOptions<z.ZodObject> = {
  name: 'things',
  defaultPort: 0,
  environment: z.object({}),
  module: () => ThingsModule,
  readiness: { 'authorization-server': Keys },
  openApi: { title: 'Things', description: 'For a test', version: '1' },
};
let created: CreatedApp | undefined;

async function start(source: Record<string, string> = {}): Promise<string> {
  created = await createApp(options, source, { write: (line) => void lines.push(line) });
  const { port } = (await created.listen()).address() as AddressInfo;
  return `http://localhost:${port}`;
}

afterEach(async () => {
  await created?.close(100);
  created = undefined;
  Keys.up = true;
  lines.length = 0;
  asked = Promise.withResolvers();
  answer = Promise.withResolvers();
});

describe('logs', () => {
  it('hold method, path, status and trace of a request, and no query', async () => {
    const base = await start();
    await fetch(`${base}/thing?code=secret-code`);
    const line = lines.map((text) => JSON.parse(text) as Record<string, unknown>).find(({ res }) => res);
    expect(line).toMatchObject({ name: 'things', req: { method: 'GET', url: '/thing' }, res: { statusCode: 200 } });
    expect(line?.['traceId']).toMatch(/^[0-9a-f]{32}$/);
    expect(line?.['requestId']).toMatch(/^[0-9a-f]{16}$/);
    expect(lines.join()).not.toContain('secret-code');
  });

  it('hold no key twice, whatever is logged', async () => {
    const base = await start();
    await fetch(`${base}/repeated`);
    const line = lines.find((text) => text.includes('"msg":"repeated"'))!;
    const keys = [...line.matchAll(/[{,]"(\w+)":/g)].map(([, key]) => key);
    expect(keys).toEqual([...new Set(keys)]);
    expect(JSON.parse(line)).toMatchObject({
      name: 'things',
      level: 40,
      name_: 'Error',
      level_: 'x',
      time_: 'x',
      msg_: 'x',
    });
  });

  it('name the caller, as trusted proxies tell, and nobody else', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.7' };
    await fetch(`${await start()}/thing`, { headers });
    await created?.close(100);
    await fetch(`${await start({ HOST: '127.0.0.1', TRUSTED_PROXIES: '127.0.0.1' })}/thing`, { headers });
    const requests = lines.flatMap((text) => (JSON.parse(text) as { req?: { remoteAddress: string } }).req ?? []);
    expect(requests.map(({ remoteAddress }) => remoteAddress)).toEqual(['127.0.0.1', '198.51.100.7']);
  });

  it.each([
    ['3f1a2b4c-5d6e-4f70-8192-a3b4c5d6e7f8', true],
    ['x'.repeat(65), false],
    ['a b', false],
    [TOKEN, false],
    ['', false],
  ])('take up the id %j of a caller: %s', async (id, isTaken) => {
    const response = await fetch(`${await start()}/thing`, { headers: { 'x-request-id': id } });
    const line = lines.map((text) => JSON.parse(text) as Record<string, unknown>).find(({ res }) => res);
    expect([line?.['requestId'] === id, response.headers.get('x-request-id')]).toEqual([isTaken, isTaken ? id : null]);
  });

  it('do not tell of polls that have found nothing new', async () => {
    const base = await start();
    expect((await fetch(`${base}/same`)).status).toBe(304);
    await fetch(`${base}/thing`);
    const requests = lines.flatMap((text) => (JSON.parse(text) as { req?: { url: string } }).req ?? []);
    expect(requests.map(({ url }) => url)).toEqual(['/thing']);
  });

  it('never hold a token, whoever logs it', async () => {
    const base = await start({ LOG_LEVEL: 'trace' });
    const headers = { authorization: `Bearer ${TOKEN}`, cookie: 'sid=cookie-value' };
    await fetch(`${base}/thing`, { headers });
    await fetch(`${base}/fail`, { headers });
    const all = lines.join();
    expect(all).toContain('refused [token]');
    expect(all).toContain('"code":"ECONNREFUSED"');
    for (const secret of [TOKEN, 'opaque-token', 'cookie-value']) expect(all).not.toContain(secret);
  });

  it('never hold a token of what fails outside of a request', async () => {
    await start();
    new Logger('Things').error(failure(), 'in the background');
    const line = lines.map((text) => JSON.parse(text) as Record<string, unknown>).at(-1);
    expect(line).toMatchObject({ msg: 'in the background', context: 'Things' });
    expect(lines.join()).not.toContain('opaque-token');
  });

  it('have a line of level error with the stack for a failure, whose answer tells nothing', async () => {
    const base = await start();
    const response = await fetch(`${base}/fail`);
    expect([response.status, await response.json()]).toEqual([
      500,
      { statusCode: 500, message: 'Internal server error' },
    ]);
    expect(lines.filter((line) => line.includes('"level":50') && line.includes('create-app.spec'))).not.toHaveLength(0);
  });
});

describe('RFC 6797 §7.2: an HSTS Host MUST NOT include the STS header field over non-secure transport', () => {
  it.each([
    ['plain HTTP, whatever it claims', {}, false],
    ['TLS to a trusted proxy', { TRUSTED_PROXIES: '127.0.0.1' }, true],
  ])('over %s', async (_, settings, isSecure) => {
    const base = await start(settings);
    const { headers } = await fetch(`${base}/thing`, { headers: { 'x-forwarded-proto': 'https' } });
    expect(headers.has('strict-transport-security')).toBe(isSecure);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('W3C trace context', () => {
  it.each(['thing', 'echo'])("continues the caller's trace at /%s", async (path) => {
    const base = await start();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const response = await fetch(`${base}/${path}`, {
      method: path === 'echo' ? 'POST' : 'GET',
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01`, 'content-type': 'application/json' },
      ...(path === 'echo' && { body: JSON.stringify({ large: 'x'.repeat(50_000) }) }),
    });
    expect(await response.json()).toEqual({ traceId });
  });

  it.each([
    ['01', '01'],
    ['00', '00'],
    ['03', '01'],
    ['fe', '00'],
    ['ff', '01'],
  ])('§3.2.2.5: hands on whether it is sampled, and sets no other flag (%s)', async (given, told) => {
    const base = await start();
    const [trace, parent] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    const headers = { traceparent: `00-${trace}-${parent}-${given}`, tracestate: 'rojo=1,congo=2' };
    const onwards = (await (await fetch(`${base}/onwards`, { headers })).json()) as Record<string, string>;
    expect(onwards).toEqual({
      traceparent: expect.stringMatching(new RegExp(`^00-${trace}-(?!${parent})[0-9a-f]{16}-${told}$`)) as unknown,
      tracestate: headers.tracestate,
    });
  });

  it.each(['', '00-0-0-01', 'x'.repeat(5000)])(
    'begins a trace of its own when the header is %j',
    async (traceparent) => {
      const base = await start();
      const response = await fetch(`${base}/thing`, { headers: { traceparent } });
      expect(await response.json()).toEqual({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown });
    },
  );
});

describe('health', () => {
  it('is live and ready when its indicators are up', async () => {
    const base = await start();
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    const ready = await fetch(`${base}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { status: 'ok', info: { 'authorization-server': { status: 'up' } } },
    ]);
  });

  it('is live but not ready while an indicator is down, and ready again by itself', async () => {
    const base = await start();
    Keys.up = false;
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    const unready = await fetch(`${base}/health/ready`);
    expect([unready.status, await unready.json()]).toMatchObject([
      503,
      { status: 'error', error: { 'authorization-server': { status: 'down' } } },
    ]);
    Keys.up = true;
    expect((await fetch(`${base}/health/ready`)).status).toBe(200);
  });
});

describe('security headers', () => {
  it('let answers load nothing', async () => {
    const base = await start();
    const { headers } = await fetch(`${base}/thing`);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('let the OpenAPI page load what it brings, and nothing else', async () => {
    const base = await start();
    const page = await fetch(`${base}/docs`);
    expect(await page.text()).toContain('swagger-ui-init.js');
    expect(page.headers.get('content-security-policy')).toMatch(/script-src 'self';/);
    expect(await (await fetch(`${base}/docs-json`)).json()).toMatchObject({ info: { title: 'Things' } });
  });
});

describe('connections', () => {
  it('are kept for longer than load balancers keep theirs, so that none is closed that is about to be used', async () => {
    const base = await start();
    const agent = new Agent({ keepAlive: true });
    const { headers } = await ask(`${base}/thing`, agent);
    agent.destroy();
    expect(headers['keep-alive']).toBe('timeout=65');
  });
});

describe('closing', () => {
  it('refuses new connections, finishes what was begun, and tells clients not to reuse the connection', async () => {
    const base = await start();
    const slow = fetch(`${base}/slow`);
    await asked.promise;
    const closing = created?.close();
    await expect(fetch(`${base}/thing`)).rejects.toThrow();
    answer.resolve();
    const response = await slow;
    expect([response.status, response.headers.get('connection'), await response.text()]).toEqual([
      200,
      'close',
      'done',
    ]);
    expect(await closing).toBe(true);
  });

  it('answers a request that a kept connection was about to send', async () => {
    const base = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await ask(`${base}/thing`, agent)).headers.connection).toBe('keep-alive');
    const closing = created?.close();
    expect((await ask(`${base}/thing`, agent)).headers.connection).toBe('close');
    expect(await closing).toBe(true);
  });

  it('is unready at once, and accepts connections until SHUTDOWN_DELAY is over', async () => {
    const base = await start({ SHUTDOWN_DELAY: '1' });
    const closing = created?.close();
    const ready = await fetch(`${base}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'shutting_down' }]);
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    const answered = await fetch(`${base}/thing`);
    expect([answered.status, answered.headers.get('connection')]).toEqual([200, 'close']);
    expect(await closing).toBe(true);
    await expect(fetch(`${base}/thing`)).rejects.toThrow();
  });

  it('cuts off at the deadline what does not end', async () => {
    const base = await start();
    const slow = fetch(`${base}/slow`).catch((error: unknown) => error);
    await asked.promise;
    expect(await created?.close(50)).toBe(false);
    expect(await slow).toMatchObject({ message: 'fetch failed' });
    answer.resolve();
  });
});

async function ask(url: string, agent: Agent): Promise<IncomingMessage> {
  const [response] = (await once(httpGet(url, { agent }), 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response;
}
