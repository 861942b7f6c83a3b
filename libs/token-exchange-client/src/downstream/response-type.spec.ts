import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { failureOf, startScene, type Scene } from './downstream.fixture.js';

const BINARY = Uint8Array.from({ length: 512 }, (_, i) => i % 256);
let scene: Scene;
beforeEach(async () => {
  scene = await startScene((_request, response) =>
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(BINARY),
  );
});
afterEach(() => scene.close());

const answer = (type: string, body: string | Uint8Array, headers: Record<string, string> = {}): void => {
  scene.serve = (_request, response) => response.writeHead(200, { 'content-type': type, ...headers }).end(body);
};

describe('responseType', () => {
  it('bytes: byte for byte, by every method', async () => {
    const client = scene.client();
    const options = { responseType: 'bytes' } as const;
    const answers: Uint8Array[] = await scene.asUser(() =>
      Promise.all([
        client.get('/', options),
        client.delete('/', options),
        client.post('/', 'x', options),
        client.put('/', 'x', options),
        client.patch('/', 'x', options),
        client.request({ method: 'GET', path: '/', ...options }),
      ]),
    );
    for (const bytes of answers) expect([...bytes]).toEqual([...BINARY]);
  });

  it('stream: the bytes as they come', async () => {
    const stream = await scene.asUser(() => scene.client({ maxAnswerBytes: 10 }).get('/', { responseType: 'stream' }));
    expect([...Buffer.concat((await stream.toArray()) as Buffer[])]).toEqual([...BINARY]);
  });

  it.each([
    ['text/plain; charset=iso-8859-1', Buffer.from('Grüße', 'latin1')],
    ['text/plain; charset="utf-8"', Buffer.from('Grüße')],
    ['text/plain', Buffer.from('Grüße')],
    ['text/plain; charset=unheard-of', Buffer.from('Grüße')],
  ])('text, in the charset that the service names: %s', async (type, body) => {
    answer(type, body);
    const text: string = await scene.asUser(() => scene.client().get('/', { responseType: 'text' }));
    expect(text).toBe('Grüße');
  });

  it('text stays text, JSON or not', async () => {
    answer('application/json', '{"a":1}');
    expect(await scene.asUser(() => scene.client().get('/', { responseType: 'text' }))).toBe('{"a":1}');
  });

  it('json by default: what is none is told, not given as broken text', async () => {
    expect(await failureOf(scene.asUser(() => scene.client().get('/')))).toMatchObject({
      name: 'UnexpectedAnswer',
      issues: ['the body is not JSON: ask for it with responseType text, bytes or stream'],
    });
    answer('application/json', '{"a":');
    expect(await failureOf(scene.asUser(() => scene.client().get('/')))).toMatchObject({ name: 'UnexpectedAnswer' });
  });

  it.each<[string, string, string | Uint8Array, unknown, Record<string, string>]>([
    ['an object', 'application/json', '{"a":1}', { a: 1 }, {}],
    ['compressed', 'application/json', gzipSync('{"a":1}'), { a: 1 }, { 'content-encoding': 'gzip' }],
    ['with a byte order mark', 'application/json', '\ufeff{"a":1}', { a: 1 }, {}],
    ['nothing', 'application/json', '', undefined, {}],
    ['text that says so', 'text/plain', 'hello', 'hello', {}],
  ])('json: %s', async (_case, type, body, expected, headers) => {
    answer(type, body, headers);
    expect(await scene.asUser(() => scene.client().get('/'))).toEqual(expected);
  });

  it('a schema is for json', async () => {
    const options = { responseType: 'bytes', schema: z.string() } as const;
    expect(await failureOf(scene.asUser(() => scene.client().get('/', options)))).toBeInstanceOf(TypeError);
    expect(scene.seen).toEqual([]);
  });

  it('an answer that breaks off is a failed connection, not one that is too long', async () => {
    scene.serve = (request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('half');
      setImmediate(() => request.socket.destroy());
    };
    expect(await failureOf(scene.asUser(() => scene.client().post('/')))).toMatchObject({ reason: 'connection' });
  });
});
