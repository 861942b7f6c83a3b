import { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { interceptAxios } from './axios-on-behalf.js';
import { failureOf, startScene, type Scene, type Serve } from './downstream.fixture.js';
import { fetchOnBehalf } from './fetch-on-behalf.js';

let scene: Scene;
beforeEach(async () => {
  scene = await startScene((_request, response) => response.end('"hello"'));
});
afterEach(() => scene.close());

/** Never ends, and never pauses for as long as the deadline of these tests. */
const drip: Serve = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  while (!response.destroyed) {
    response.write(' ');
    await sleep(20);
  }
};
const silent: Serve = () => undefined;
const timeout = 150;
const tooLate = { name: 'DownstreamUnavailable', reason: 'timeout' };

describe('one deadline for the whole call', () => {
  it.each([
    ['drips', drip],
    ['says nothing', silent],
  ])('a service that %s', async (_case, serve) => {
    scene.serve = serve;
    const client = scene.client({ timeout });
    const instance = axios.create({ baseURL: `${scene.url}/api`, timeout });
    interceptAxios(instance, scene.client());
    const read = async (): Promise<string> => (await fetchOnBehalf(client)('/')).text();
    expect(await failureOf(scene.asUser(() => client.get('/')))).toMatchObject(tooLate);
    expect(await failureOf(scene.asUser(() => scene.client().get('/', { timeout })))).toMatchObject(tooLate);
    expect(await failureOf(scene.asUser(() => instance.get('/')))).toMatchObject(tooLate);
    expect(await failureOf(scene.asUser(read))).toMatchObject(tooLate);
  });

  it('an exchange that takes its time counts', async () => {
    scene.authorizationServer.answering = () => new Promise(() => undefined);
    expect(await failureOf(scene.asUser(() => scene.client({ timeout }).get('/')))).toMatchObject(tooLate);
    const call = fetchOnBehalf(scene.client({ timeout }))('/');
    expect(await failureOf(scene.asUser(() => Promise.resolve(call)))).toBeInstanceOf(Error);
    expect(scene.seen).toEqual([]);
  });

  it('repeats count: each attempt alone would have been in time', async () => {
    scene.serve = async (_request, response) => {
      await sleep(timeout * 0.7);
      response.writeHead(503).end();
    };
    expect(await failureOf(scene.asUser(() => scene.client({ timeout }).get('/')))).toMatchObject(tooLate);
  });

  it('a stream that drips ends, too', async () => {
    scene.serve = drip;
    const stream = await scene.asUser(() => scene.client({ timeout }).get('/', { responseType: 'stream' }));
    const error = await failureOf(stream.resume().toArray());
    expect(error).toBeInstanceOf(Error);
  });

  it('Infinity is no deadline', async () => {
    const client = scene.client({ timeout: 1 });
    scene.serve = (_request, response) => void sleep(50).then(() => response.end('"hello"'));
    expect(await scene.asUser(() => client.get('/', { timeout: Infinity }))).toBe('hello');
  });
});

describe('an AbortSignal is honoured', () => {
  const left = new Error('the user left');

  it.each<[string, Serve]>([
    ['before the answer', silent],
    ['in the middle of the body', drip],
  ])('%s', async (_case, serve) => {
    const reached = Promise.withResolvers<AbortController>();
    const caller = new AbortController();
    scene.serve = (request, response) => {
      serve(request, response);
      reached.resolve(caller);
    };
    void reached.promise.then((controller) => controller.abort(left));
    const { signal } = caller;
    expect(await failureOf(scene.asUser(() => scene.client().get('/', { signal })))).toBe(left);
    const read = async (): Promise<string> => (await fetchOnBehalf(scene.client())('/', { signal })).text();
    expect(await failureOf(scene.asUser(read))).toBe(left);
  });

  it('in the body of fetch, and in the pause before a second attempt', async () => {
    const caller = new AbortController();
    scene.serve = drip;
    const answer = await scene.asUser(() => fetchOnBehalf(scene.client())('/', { signal: caller.signal }));
    const body = failureOf(answer.text());
    caller.abort(left);
    expect(await body).toBe(left);
    const paused = new AbortController();
    scene.serve = (_request, response) => {
      response.on('close', () => paused.abort(left));
      response.writeHead(503).end();
    };
    expect(await failureOf(scene.asUser(() => scene.client().get('/', { signal: paused.signal })))).toBe(left);
  });

  it('a cancel token of axios as well, also while the token is exchanged', async () => {
    const instance = axios.create({ baseURL: `${scene.url}/api` });
    interceptAxios(instance, scene.client());
    const { token, cancel } = axios.CancelToken.source();
    scene.authorizationServer.answering = () => {
      cancel('the user left');
      return new Promise(() => undefined);
    };
    const error = await failureOf(scene.asUser(() => instance.get('/', { cancelToken: token })));
    expect(axios.isCancel(error)).toBe(true);
    expect(scene.seen).toEqual([]);
  });
});

describe('answers that nobody reads are let go', () => {
  const long = 'x'.repeat(1_000_000);
  const streamed = { responseType: 'stream' } as const;

  /** A client with one connection: what holds it stops all later calls. */
  function withOneConnection() {
    const client = scene.client({ timeout: 3000 });
    client.http.axiosRef.defaults.httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    return client;
  }

  it('a 401 to a streamed call that is sent again', async () => {
    const client = withOneConnection();
    await scene.asUser(() => client.authorizer.obtain());
    const read = async (): Promise<number> => {
      const stream: Readable = await client.get('/', streamed);
      return (await stream.toArray()).length;
    };
    scene.serve = (request, response) =>
      response.writeHead(request.headers.authorization === 'Bearer exchanged-1' ? 401 : 200).end(long);
    for (let i = 0; i < 4; i += 1) expect(await scene.asUser(read)).toBeGreaterThan(0);
  });

  it.each([400, 401, 404, 429, 500, 503, 302])(
    'a streamed failure (%d), whose text is kept as far as it tells',
    async (status) => {
      const client = withOneConnection();
      scene.serve = (_request, response) => response.writeHead(status).end(`why${long}`);
      for (let i = 0; i < 4; i += 1) {
        const error = await failureOf(scene.asUser(() => client.get('/', streamed)));
        expect(error['status']).toBe(status);
        if (error.name === 'DownstreamRefused') expect(error['body']).toMatch(/^whyx{1000}/);
      }
    },
  );

  it('an answer that is too long', async () => {
    const client = scene.client({ maxAnswerBytes: 1000 });
    const closed = Promise.withResolvers<void>();
    scene.serve = (request, response) => {
      request.socket.on('close', () => closed.resolve());
      response.write(long);
    };
    expect(await failureOf(scene.asUser(() => client.get('/')))).toMatchObject({ reason: 'oversized' });
    await closed.promise;
  });
});
