import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { z } from 'zod';
import { interceptAxios } from './axios-on-behalf.js';
import type { DownstreamClient } from './downstream-client.js';
import { failureOf, startScene, type Scene } from './downstream.fixture.js';
import { fetchOnBehalf } from './fetch-on-behalf.js';

let scene: Scene;
beforeEach(async () => {
  scene = await startScene((_request, response) => response.end('"hello"'));
});
afterEach(() => scene.close());

const failing = (): Readable =>
  new Readable({
    read() {
      this.destroy(Object.assign(new Error('the upload was cut'), { code: 'ECONNRESET' }));
    },
  });
const circular: Record<string, unknown> = {};
circular['self'] = circular;

describe('what is the matter of one caller does not trip the breaker for others', () => {
  it.each<[string, (client: DownstreamClient) => Promise<unknown>]>([
    ['answers that are too long', (client) => client.get('/long')],
    ['a body whose source breaks', (client) => client.post('/', failing())],
    [
      'the same with fetch',
      (client) => fetchOnBehalf(client)('/', { method: 'POST', body: failing() as never, duplex: 'half' } as never),
    ],
    ['a body that cannot be serialized', (client) => client.post('/', circular)],
    ['a body that the service does not want to read', (client) => client.post('/cut', 'x'.repeat(100_000))],
    ['an abort', (client) => client.get('/silent', { signal: AbortSignal.timeout(10) })],
    ['a deadline of its own', (client) => client.get('/silent', { timeout: 10 })],
    ['a schema that does not match', (client) => client.get('/', { schema: z.number() })],
    ['an answer that is no JSON', (client) => client.get('/binary')],
    ['a path that is refused', (client) => client.get('/../secret')],
  ])('%s', async (_case, call) => {
    scene.serve = (request, response) => {
      if (request.url === '/api/silent') return;
      if (request.url === '/api/cut') return request.socket.destroy();
      if (request.url === '/api/long') return response.end('x'.repeat(5000));
      if (request.url === '/api/binary') return response.end(Buffer.from([0xff, 0xfe, 0, 1]));
      request.resume();
      return response.end('"hello"');
    };
    const client = scene.client({ maxAnswerBytes: 1000 });
    for (let i = 0; i < 21; i += 1) await failureOf(scene.asUser(() => call(client)));
    expect(await scene.asUser(() => client.get('/'))).toBe('hello');
  });
});

describe('one breaker for a service, however it is called', () => {
  it('failures of each way count together, and all of them rest', async () => {
    const client = scene.client();
    const instance = axios.create({ baseURL: `${scene.url}/api` });
    interceptAxios(instance, client);
    scene.serve = (_request, response) => response.writeHead(500).end();
    const ways = [
      () => client.post('/'),
      () => client.asService().post('/'),
      () => instance.post('/'),
      () => fetchOnBehalf(client)('/', { method: 'POST' }),
    ];
    for (let i = 0; i < 10; i += 1) await scene.asUser(ways[i % 4]!).catch(() => undefined);
    expect(scene.seen).toHaveLength(10);
    for (const way of ways) expect(await failureOf(scene.asUser(way))).toMatchObject({ reason: 'resting' });
    expect(scene.seen).toHaveLength(10);
  });

  it.each([
    ['that breaks the connection', 'connection', 5000, (socket: { destroy: () => void }) => socket.destroy()],
    ['that does not answer in its time', 'timeout', 30, () => undefined],
  ])('a service %s trips it', async (_case, reason, timeout, act) => {
    scene.serve = (request) => void act(request.socket);
    const client = scene.client({ timeout });
    for (let i = 0; i < 10; i += 1)
      expect(await failureOf(scene.asUser(() => client.post('/', 'x')))).toMatchObject({ reason });
    expect(await failureOf(scene.asUser(() => client.post('/', 'x')))).toMatchObject({ reason: 'resting' });
  });
});
