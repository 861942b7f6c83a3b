import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { readPlainForm } from './plain-form.js';

const TYPE = 'application/x-www-form-urlencoded';

describe('reading a plain form', () => {
  /** What was read, and what the next one finds in the body. */
  let left: Promise<string>;
  const server = createServer((request, response) => {
    left = readPlainForm(request, (form) => form.get('mine') ?? undefined).then(async (mine) => {
      return mine === undefined ? `next: ${await text(request)}` : `mine: ${mine}`;
    });
    left.then(
      (outcome) => response.end(outcome),
      () => response.destroy(),
    );
  });
  let port: number;

  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => void server.close());

  async function send(headers: OutgoingHttpHeaders, ...pieces: readonly string[]): Promise<string> {
    const sending = httpRequest({ port, host: '127.0.0.1', method: 'POST', headers });
    const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
    for (const piece of pieces) {
      sending.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    sending.end();
    const [answer] = await answered;
    return text(answer);
  }

  it.each([
    ['', TYPE],
    ['with its charset', `${TYPE};charset=UTF-8`],
    ['with its charset and a space', 'Application/x-www-form-urlencoded; charset=utf-8'],
  ])('takes what it accepts, %s', async (_, type) => {
    const body = 'mine=a%20b+c&other=%C3%A9';
    expect(await send({ 'content-type': type, 'content-length': body.length }, body)).toBe('mine: a b c');
  });

  it('takes a body that comes in pieces', async () => {
    expect(await send({ 'content-type': TYPE, 'content-length': 12 }, 'mi', 'ne=abc', '&d=e')).toBe('mine: abc');
  });

  it.each<[string, OutgoingHttpHeaders, string[]]>([
    ['is not accepted', { 'content-type': TYPE, 'content-length': 10 }, ['other', '=abcd']],
    ['is of another type', { 'content-type': 'application/json', 'content-length': 8 }, ['mine=abc']],
    ['is of another charset', { 'content-type': `${TYPE}; charset=latin1`, 'content-length': 8 }, ['mine=abc']],
    ['has no type', { 'content-length': 8 }, ['mine=abc']],
    ['has no length', { 'content-type': TYPE, 'transfer-encoding': 'chunked' }, ['mine=', 'abc']],
    ['is empty', { 'content-type': TYPE, 'content-length': 0 }, []],
    ['is too long', { 'content-type': TYPE, 'content-length': 60_005 }, [`mine=${'a'.repeat(60_000)}`]],
    // to URLSearchParams it would be the beginning of a query
    ['begins with a question mark', { 'content-type': TYPE, 'content-length': 9 }, ['?mine=abc']],
  ])('leaves to the next one, whole, a body that %s', async (_, headers, pieces) => {
    expect(await send(headers, ...pieces)).toBe(`next: ${pieces.join('')}`);
  });

  it('ends when the sender does', async () => {
    const before = left;
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${TYPE}\r\nContent-Length: 100\r\n\r\nmine=`);
    while (left === before) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    await expect(left).rejects.toThrow();
  });
});
