import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerUnreadable } from './unreadable-requests.js';

const server = createServer((_, response) => response.end('read'));
answerUnreadable(server, (status, { headers }) => ({
  headers: { 'Content-Type': 'text/html; charset=utf-8' },
  body: `<h1>${status} ${headers['accept-language'] ?? ''}</h1>`,
}));

const HTML = 'Accept: text/html\r\nAccept-Language: de\r\n';
const BIG = `Cookie: ${'x'.repeat(20_000)}\r\n`;

describe('a request that Node.js gives up', () => {
  beforeAll(async () => void (await once(server.listen(0, '127.0.0.1'), 'listening')));
  afterAll(() => void server.close());

  async function send(raw: string): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.end(raw);
    return text(socket);
  }

  it.each([
    ['no HTTP at all', 'nonsense\r\n\r\n', 400],
    ['a version that nobody speaks', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n', 400],
    ['a header without a name', `GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n`, 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'both a length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: a\r\n${BIG}\r\n`, 431],
    ['a target that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
  ])('is told so in JSON: %s', async (_, raw, status) => {
    const answer = await send(raw);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('Connection: close');
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: 'invalid_request' });
  });

  it.each([
    ['a header without a name', `GET / HTTP/1.1\r\nHost: a\r\n${HTML}: b\r\n\r\n`, 400],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: a\r\n${HTML}${BIG}\r\n`, 431],
  ])('is told so in a page, in the language that is wanted: %s', async (_, raw, status) => {
    const [head, body] = (await send(raw)).split('\r\n\r\n');
    expect(head).toContain('Content-Type: text/html');
    expect(body).toBe(`<h1>${status} de</h1>`);
  });
});
