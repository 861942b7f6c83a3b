import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import axios, { type AxiosRequestConfig } from 'axios';
import { interceptAxios } from './axios-on-behalf.js';
import { bodyOf, failureOf, startScene, type Scene } from './downstream.fixture.js';
import { fetchOnBehalf, type FetchInit } from './fetch-on-behalf.js';

const CONTENT = 'what is stored';
let scene: Scene;
let stored: string[];

beforeEach(async () => {
  stored = [];
  // refuses the token from the cache, after reading the whole body, as frameworks do
  scene = await startScene(async (request, response) => {
    const body = await bodyOf(request);
    if (request.headers.authorization === 'Bearer exchanged-1' && request.method !== 'HEAD') {
      return response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('no');
    }
    if (request.method !== 'HEAD') stored.push(body);
    return response.writeHead(201).end('"stored"');
  });
});
afterEach(() => scene.close());

/** A client whose token is in the cache, and will be refused. */
async function withCachedToken() {
  const client = scene.client();
  await scene.asUser(() => client.authorizer.obtain());
  return client;
}

async function* pieces() {
  yield await Promise.resolve(Buffer.from(CONTENT.slice(0, 4)));
  yield Buffer.from(CONTENT.slice(4));
}

const form = (): FormData => {
  const data = new FormData();
  data.set('file', new Blob([CONTENT]), 'file.txt');
  return data;
};

type Body = NonNullable<FetchInit['body']>;
// the types of fetch do not know duplex
const streamed: FetchInit & { duplex: 'half' } = { method: 'POST', duplex: 'half' };

describe('fetchOnBehalf after a 401', () => {
  it.each<[string, () => Body]>([
    ['a string', () => CONTENT],
    ['a Buffer', () => Buffer.from(CONTENT)],
    ['a typed array', () => new TextEncoder().encode(CONTENT)],
    ['an ArrayBuffer', () => new TextEncoder().encode(CONTENT).buffer],
    ['a DataView', () => new DataView(new TextEncoder().encode(CONTENT).buffer)],
    ['a Blob', () => new Blob([CONTENT])],
    ['a File', () => new File([CONTENT], 'file.txt')],
    ['a form', () => new URLSearchParams({ content: CONTENT })],
    ['a multipart form', form],
  ])('sends %s once more, whole', async (_kind, body) => {
    const send = fetchOnBehalf(await withCachedToken());
    const answer = await scene.asUser(() => send('/files', { method: 'POST', body: body() }));
    expect([answer.status, stored.length]).toEqual([201, 1]);
    expect(decodeURIComponent(stored[0] ?? '').replaceAll('+', ' ')).toContain(CONTENT);
    expect(scene.seen).toEqual(['Bearer exchanged-1', 'Bearer exchanged-2']);
  });

  it.each<[string, () => unknown]>([
    ['an async iterable', pieces],
    ['an object with an async iterator', () => ({ [Symbol.asyncIterator]: pieces })],
    ['a web stream', () => Readable.toWeb(Readable.from(pieces()))],
    ['a Node stream', () => Readable.from(pieces())],
  ])(
    'gives the 401 for %s as a typed error, stores nothing, and the next call has a new token',
    async (_kind, body) => {
      const send = fetchOnBehalf(await withCachedToken());
      const post = () => scene.asUser(() => send('/files', { ...streamed, body: body() as Body }));
      expect(await failureOf(post())).toMatchObject({ name: 'DownstreamRefused', status: 401, error: 'invalid_token' });
      expect([stored, scene.seen]).toEqual([[], ['Bearer exchanged-1']]);
      expect((await post()).status).toBe(201);
      expect(stored).toEqual([CONTENT]);
    },
  );
});

describe('axios after a 401', () => {
  it.each<[string, () => unknown]>([
    ['a string', () => CONTENT],
    ['an object', () => ({ content: CONTENT })],
    ['a Buffer', () => Buffer.from(CONTENT)],
    ['a multipart form', form],
  ])('sends %s once more, whole', async (_kind, body) => {
    const client = await withCachedToken();
    expect(await scene.asUser(() => client.post('/files', body()))).toBe('stored');
    expect(stored).toHaveLength(1);
    expect(stored[0]).toContain(CONTENT);
  });

  it.each<[string, () => unknown, AxiosRequestConfig]>([
    ['a Node stream', () => Readable.from(pieces()), {}],
    ['what a transformation made of it', () => CONTENT, { transformRequest: (text: string) => Readable.from([text]) }],
  ])('gives the 401 for %s as a typed error', async (_kind, body, config) => {
    const instance = axios.create({ baseURL: `${scene.url}/api` });
    interceptAxios(instance, await withCachedToken());
    const error = await failureOf(scene.asUser(() => instance.post('/files', body(), config)));
    expect(error).toMatchObject({ name: 'DownstreamRefused', status: 401 });
    expect([stored, scene.seen.length]).toEqual([[], 1]);
  });
});

it('a broken connection repeats no body that is used up, not even of a safe method', async () => {
  scene.serve = async (request, response) => {
    const body = await bodyOf(request);
    if (scene.seen.length === 1) return request.socket.destroy();
    return response.end(JSON.stringify(body));
  };
  const client = scene.client();
  const headers = { 'content-length': '4' };
  const options = (body: unknown) =>
    scene.asUser(() => client.request({ method: 'OPTIONS', path: '/', body, headers }));
  expect(await failureOf(options(Readable.from(['once'])))).toMatchObject({ reason: 'connection' });
  scene.seen.length = 0;
  expect(await options('four')).toBe('four');
});

it('all reasons to repeat together: a call is sent three times at most without DPoP', async () => {
  scene.serve = (_request, response) => response.writeHead(scene.seen.length % 2 === 1 ? 503 : 401).end();
  const client = await withCachedToken();
  expect(await failureOf(scene.asUser(() => client.get('/')))).toMatchObject({ status: 503 });
  expect(scene.seen).toEqual(['Bearer exchanged-1', 'Bearer exchanged-1', 'Bearer exchanged-2']);
});
