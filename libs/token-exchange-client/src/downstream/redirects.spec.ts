import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { interceptAxios } from './axios-on-behalf.js';
import { failureOf, startScene, type Scene } from './downstream.fixture.js';
import { fetchOnBehalf } from './fetch-on-behalf.js';

let scene: Scene;
let instance: AxiosInstance;

beforeEach(async () => {
  scene = await startScene((request, response) => {
    if (request.url?.startsWith('/api/from')) {
      const status = Number(/\d+/.exec(request.url)?.[0]);
      return response.writeHead(status, { location: '/admin' }).end();
    }
    return response.end(JSON.stringify(request.url));
  });
  instance = axios.create({ baseURL: `${scene.url}/api` });
  interceptAxios(instance, scene.client());
});
afterEach(() => scene.close());

describe('no redirect is followed with an exchanged token', () => {
  it.each([301, 302, 303, 307, 308])('by an own axios instance: %d', async (status) => {
    for (const method of ['get', 'post']) {
      const error = await failureOf(
        scene.asUser(() => instance.request({ method, url: `/from/${status}`, data: 'x' })),
      );
      expect(error).toMatchObject({ response: { status } });
    }
    expect(scene.seen).toHaveLength(2);
  });

  it.each<[string, AxiosRequestConfig]>([
    ['maxRedirects', { maxRedirects: 5 }],
    ['the fetch adapter', { adapter: 'fetch' }],
  ])('whatever a request says: %s', async (_case, config) => {
    const own = axios.create({ baseURL: `${scene.url}/api`, ...config });
    interceptAxios(own, scene.client());
    const { http } = scene.client();
    for (const one of [own, http.axiosRef]) {
      const perRequest = { maxRedirects: config.maxRedirects, validateStatus: () => true };
      const answer = await scene.asUser(() => one.get('/from/302', perRequest));
      expect(answer.status).toBe(302);
    }
    expect(scene.seen).toHaveLength(2);
  });

  it('by fetch, whatever the call says', async () => {
    const answer = await scene.asUser(() => fetchOnBehalf(scene.client())('/from/302', { redirect: 'follow' }));
    expect([answer.status, scene.seen.length]).toEqual([302, 1]);
  });
});

describe('the token stays below baseUrl, after normalisation', () => {
  const climbing = [
    '/../admin',
    '/x/../../admin',
    '/%2e%2e/admin',
    '/..%2fadmin',
    '/..%2Fadmin',
    '/..%5cadmin',
    '/x/%2e%2e%2f%2e%2e%2fadmin',
    '/%252e%252e/admin',
    '/..%252fadmin',
    '/..;/admin',
    '/..%3b/admin',
    '/..;a=b/admin',
    '/\t../../admin',
  ];

  it.each(climbing)('%j', async (path) => {
    const client = scene.client();
    const ways = [
      () => client.get(path),
      () => client.http.axiosRef.get(path),
      () => instance.get(path),
      () => instance.get(`${scene.url}/api${path}`),
      () => instance.get(path, { baseURL: scene.url }),
      () => fetchOnBehalf(client)(path),
      () => fetchOnBehalf(client)(`${scene.url}/api${path}`),
    ];
    for (const way of ways) expect(await failureOf(scene.asUser(way))).toBeInstanceOf(TypeError);
    expect(scene.seen).toEqual([]);
  });

  it.each(['/a%2Fb', '/a;v=1/b', '/..a/b', '/a..b', '/%2e/x', '/100%25', '/a%3b', '/a/b?of=../..', '/x/../y'])(
    'ordinary paths go through: %s',
    async (path) => {
      const [seen, byFetch] = await scene.asUser(async () => [
        await scene.client().get<string>(path),
        (await (await fetchOnBehalf(scene.client())(path)).json()) as string,
      ]);
      expect([seen, byFetch]).toEqual([seen, seen]);
      expect(seen).toMatch(/^\/api\//);
    },
  );

  it('what is checked is what is sent, whatever the request says of the base', async () => {
    const config = { baseURL: `${scene.url}/api/deeper`, allowAbsoluteUrls: false };
    expect((await scene.asUser(() => instance.get<string>('/x', config))).data).toBe('/api/deeper/x');
    const other = { baseURL: 'http://127.0.0.1:1/api' };
    expect(await failureOf(scene.asUser(() => instance.get('/x', other)))).toBeInstanceOf(TypeError);
  });

  it('Basic credentials of the request do not take the place of the token', async () => {
    await scene.asUser(() => instance.get('/x', { auth: { username: 'mine', password: 'mine' } }));
    expect(scene.seen).toEqual(['Bearer exchanged-1']);
  });
});
