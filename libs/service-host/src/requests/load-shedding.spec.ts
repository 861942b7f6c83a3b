import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Body, Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import { z } from 'zod';
import { createApp, type CreatedApp } from '../start/create-app.js';

const LIMIT = 2;
let finish = Promise.withResolvers<void>();
let begun = 0;

@Controller()
class Work {
  @Get('slow')
  async slow(): Promise<string> {
    begun += 1;
    await finish.promise;
    return 'done';
  }

  @Post('echo')
  @HttpCode(200)
  echo(@Body() body: unknown): unknown {
    return body;
  }

  @Get('keys')
  keys(): string {
    return 'keys';
  }
}

@Module({ controllers: [Work] })
class WorkModule {}

const lines: string[] = [];
const sockets: Socket[] = [];
let created: CreatedApp;
let refused: number;

async function start(): Promise<string> {
  refused = 0;
  created = await createApp(
    {
      name: 'work',
      defaultPort: 0,
      environment: z.object({}),
      module: () => WorkModule,
      overload: { alwaysAnswered: ['/keys'], onRefused: () => (refused += 1) },
    },
    { PORT: '0', MAX_CONCURRENT_REQUESTS: String(LIMIT) },
    { write: (line) => void lines.push(line) },
  );
  const { port } = (await created.listen()).address() as AddressInfo;
  return `http://localhost:${port}`;
}

/** Begins as many requests as may be under way. */
async function occupy(base: string): Promise<{ statuses: Promise<number[]> }> {
  const statuses = Promise.all(Array.from({ length: LIMIT }, () => statusOf(`${base}/slow`)));
  await until(() => begun === LIMIT);
  return { statuses };
}

/** Sends the head of a request and a part of its body. */
function sendSlowly(base: string): Socket {
  const socket = connect(Number(new URL(base).port), 'localhost');
  sockets.push(socket);
  const head = 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n';
  socket.write(`${head}{"slow"`);
  return socket;
}

async function statusOf(url: string): Promise<number> {
  return (await fetch(url)).status;
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

afterEach(async () => {
  finish.resolve();
  for (const socket of sockets.splice(0)) socket.destroy();
  await created.close(100);
  finish = Promise.withResolvers();
  begun = 0;
  lines.length = 0;
});

describe('more requests at once than may be under way', () => {
  it('are refused at once with 503, when to come back, and a body that clients of OAuth understand', async () => {
    const base = await start();
    const working = await occupy(base);
    const answer = await fetch(`${base}/echo`, { method: 'POST', body: '{' });
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('cache-control')]).toEqual([
      503,
      '1',
      'no-store',
    ]);
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(await answer.json()).toMatchObject({ error: 'temporarily_unavailable' });
    finish.resolve();
    expect(await working.statuses).toEqual([200, 200]);
    expect(await statusOf(`${base}/slow`)).toBe(200);
    expect(refused).toBe(1);
  });

  it('are told in words to a browser', async () => {
    const base = await start();
    await occupy(base);
    const answer = await fetch(`${base}/slow`, { headers: { accept: 'text/html,*/*' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'text/plain; charset=utf-8']);
    expect(await answer.text()).toContain('busy');
  });

  it('do not keep health from being told, nor what others live on', async () => {
    const base = await start();
    await occupy(base);
    const paths = ['/health/live', '/health/ready', '/keys', '/keys?x=1'];
    expect(await Promise.all(paths.map((path) => statusOf(base + path)))).toEqual([200, 200, 200, 200]);
    expect(await statusOf(`${base}/keys/other`)).toBe(503);
  });

  it('may come again on the same connection, whatever they had in their body', async () => {
    const base = await start();
    await occupy(base);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const post = async (): Promise<number | undefined> => {
      const sent = request(`${base}/echo`, { method: 'POST', agent, headers: { 'content-type': 'application/json' } });
      sent.end(JSON.stringify({ large: 'x'.repeat(50_000) }));
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      await once(response, 'end');
      return response.statusCode;
    };
    expect([await post(), await post()]).toEqual([503, 503]);
    finish.resolve();
    await until(async () => (await post()) === 200);
    agent.destroy();
  });

  it('are one line in the log, not one each', async () => {
    const base = await start();
    await occupy(base);
    for (let i = 0; i < 5; i += 1) await statusOf(`${base}/slow`);
    expect(lines.filter((line) => line.includes('MAX_CONCURRENT_REQUESTS'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('503') && line.includes('"req"'))).toHaveLength(0);
  });
});

describe('a request under way', () => {
  it('no longer counts when its client has gone', async () => {
    const base = await start();
    const gone = new AbortController();
    const asked = Array.from({ length: LIMIT }, () =>
      fetch(`${base}/slow`, { signal: gone.signal }).catch(() => 'gone'),
    );
    await until(() => begun === LIMIT);
    gone.abort();
    expect(await Promise.all(asked)).toEqual(['gone', 'gone']);
    await until(async () => (await statusOf(`${base}/keys/other`)) === 404);
  });

  it('does not keep others out for as long as it takes to send its body, and counts when that has come', async () => {
    const base = await start();
    const slow = Array.from({ length: LIMIT }, () => sendSlowly(base));
    await until(async () => (await statusOf(`${base}/unknown`)) === 503);
    await until(async () => (await statusOf(`${base}/unknown`)) === 404);
    const answers = slow.map((socket) => once(socket, 'data') as Promise<[Buffer]>);
    for (const socket of slow) socket.write(':"body"}');
    for (const [answer] of await Promise.all(answers)) expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    const { statuses } = await occupy(base);
    finish.resolve();
    expect(await statuses).toEqual([200, 200]);
  });
});

describe('MAX_CONCURRENT_REQUESTS', () => {
  it.each(['0', '-1', '1.5', 'many', '1000000'])('is not %s', async (value) => {
    const source = { PORT: '0', MAX_CONCURRENT_REQUESTS: value };
    const options = { name: 'work', defaultPort: 0, environment: z.object({}), module: () => WorkModule };
    await expect(createApp(options, source)).rejects.toThrow(
      `MAX_CONCURRENT_REQUESTS is "${value}"; accepted: a whole number from 1 to 999999`,
    );
    await start();
  });
});
