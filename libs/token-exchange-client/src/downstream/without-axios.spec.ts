import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createTestCertificate } from '@onbehalf/testing-internal';
import type { Scene } from './downstream.fixture.js';

// as in an application that has not installed them
jest.unstable_mockModule('axios', () => {
  throw Object.assign(new Error("Cannot find module 'axios'"), { code: 'MODULE_NOT_FOUND' });
});
jest.mock('axios', () => {
  throw Object.assign(new Error("Cannot find module 'axios'"), { code: 'MODULE_NOT_FOUND' });
});
const { bodyOf, failureOf, startScene } = await import('./downstream.fixture.js');
const { interceptAxios } = await import('./axios-on-behalf.js');
const { loadAxios } = await import('../optional-axios.js');
const { TokenExchangeService } = await import('../token-exchange.service.js');

let scene: Scene;
beforeAll(async () => {
  await loadAxios();
  scene = await startScene((_request, response) => response.end());
});
afterAll(() => scene.close());
afterEach(() => void scene.seen.splice(0));

describe('without axios', () => {
  it('calls by fetch with the exchanged token, and gives the parsed answer', async () => {
    scene.serve = (request, response) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ url: request.url }));
    const params = { kind: ['a', 'b'], page: { size: 2 }, since: new Date(0), none: undefined };
    const { url } = await scene.asUser(() => scene.client().get<{ url: string }>('/files', { params }));
    expect(decodeURIComponent(url)).toBe('/api/files?kind[]=a&kind[]=b&page[size]=2&since=1970-01-01T00:00:00.000Z');
    expect(scene.seen).toEqual([expect.stringMatching(/^Bearer exchanged-\d+$/)]);
  });

  it.each<[string, unknown, string, string]>([
    ['an object', { a: 1 }, 'application/json', '{"a":1}'],
    ['a list', [1], 'application/json', '[1]'],
    ['a number', 5, 'application/json', '5'],
    ['text', 'a=1', 'application/x-www-form-urlencoded', 'a=1'],
    ['bytes', Buffer.from('a=1'), 'application/x-www-form-urlencoded', 'a=1'],
    ['a form', new URLSearchParams({ a: '1' }), 'application/x-www-form-urlencoded;charset=UTF-8', 'a=1'],
  ])('sends %s', async (_case, body, type, text) => {
    const received: unknown[] = [];
    scene.serve = async (request, response) => {
      received.push(request.headers['content-type'], await bodyOf(request));
      response.end();
    };
    await scene.asUser(() => scene.client().post('/files', body));
    expect(received).toEqual([type, text]);
  });

  it('sends a stream, with the media type that the caller names', async () => {
    const received: unknown[] = [];
    scene.serve = async (request, response) => {
      received.push(request.headers['content-type'], await bodyOf(request));
      response.end();
    };
    const headers = { 'content-type': 'text/csv', authorization: 'Basic own' };
    await scene.asUser(() => scene.client().put('/files', Readable.from(['a,', 'b']), { headers }));
    expect(received).toEqual(['text/csv', 'a,b']);
    expect(scene.seen).toEqual([expect.stringMatching(/^Bearer /)]);
  });

  it('gives text, bytes and streams, and status and headers', async () => {
    scene.serve = (_request, response) =>
      response
        .writeHead(201, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'], 'x-own': 'yes' })
        .end('héllo');
    const client = scene.client();
    const bodies = await scene.asUser(async () => [
      await client.get('/', { responseType: 'text' }),
      Buffer.from(await client.get('/', { responseType: 'bytes' })).toString(),
      (await (await client.get('/', { responseType: 'stream' })).toArray()).join(''),
    ]);
    expect(bodies).toEqual(['héllo', 'héllo', 'héllo']);
    expect(await scene.asUser(() => client.send({ method: 'get', path: '/' }))).toMatchObject({
      status: 201,
      headers: { 'set-cookie': ['a=1', 'b=2'], 'x-own': 'yes' },
      data: 'héllo',
    });
  });

  it.each([
    [403, { name: 'DownstreamRefused', status: 403, body: { reason: 'not yours' } }],
    [302, { name: 'DownstreamRefused', status: 302 }],
    [500, { name: 'DownstreamUnavailable', reason: 'status', status: 500 }],
  ])('makes of %d what axios would', async (status, expected) => {
    scene.serve = (_request, response) =>
      response.writeHead(status, { location: 'http://elsewhere.example/' }).end('{"reason":"not yours"}');
    for (const responseType of ['json', 'stream'] as const) {
      const failure = await scene.asUser(() => failureOf(scene.client().get('/', { responseType })));
      expect(failure).toMatchObject(expected);
    }
  });

  it('reads no more of an answer than it may', async () => {
    scene.serve = (_request, response) => response.end('x'.repeat(2000));
    const failure = await scene.asUser(() => failureOf(scene.client({ maxAnswerBytes: 1000 }).get('/')));
    expect(failure).toMatchObject({ name: 'DownstreamUnavailable', reason: 'oversized' });
  });

  it.each(['before the answer', 'within it'])('tells a connection that breaks %s', async (moment) => {
    scene.serve = (_request, response) => {
      if (moment === 'before the answer') return response.destroy();
      response.write('half', () => response.destroy());
    };
    const failure = await scene.asUser(() => failureOf(scene.client().post('/', {})));
    expect(failure).toMatchObject({ name: 'DownstreamUnavailable', reason: 'connection' });
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('exchanged-');
  });

  it('ends at its deadline, and when the caller has had enough', async () => {
    scene.serve = () => undefined;
    expect(await scene.asUser(() => failureOf(scene.client({ timeout: 50 }).get('/')))).toMatchObject({
      name: 'DownstreamUnavailable',
      reason: 'timeout',
    });
    const enough = new Error('enough');
    const call = scene.asUser(() => scene.client().get('/', { signal: AbortSignal.abort(enough) }));
    await expect(call).rejects.toBe(enough);
  });

  it('calls for itself, too', async () => {
    scene.serve = (_request, response) => response.end('"for itself"');
    await expect(scene.client().asService().get('/')).resolves.toBe('for itself');
  });

  it('names what to install for what axios alone can do', () => {
    const install = /needs axios, which is not installed: npm install axios @nestjs\/axios/;
    expect(() => scene.client().http).toThrow(install);
    expect(() => interceptAxios({ defaults: {} } as never, scene.client())).toThrow(install);
    const pems = createTestCertificate('user-service');
    const clientAuthentication = { method: 'tls_client_auth', clientId: 'user-service', ...pems } as const;
    expect(() => new TokenExchangeService({ issuer: 'https://as.example', clientAuthentication })).toThrow(
      /tls_client_auth.*npm install axios @nestjs\/axios/s,
    );
  });
});
