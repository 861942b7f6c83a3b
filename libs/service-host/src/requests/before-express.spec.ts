import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { beforeExpress } from './before-express.js';
import { LINE_FORMAT } from '../telemetry/logging.js';
import type { Middleware } from './middleware.js';

describe('what stands before Express', () => {
  const lines: string[] = [];
  let server: Server;

  async function serve(...steps: readonly Middleware[]): Promise<string> {
    server = createServer((_request, response) => void response.end('express'));
    beforeExpress(server, pino(LINE_FORMAT, { write: (line: string) => void lines.push(line) }), steps);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  afterEach(() => {
    lines.length = 0;
    server.close();
  });

  it('is passed in its order, and then comes Express', async () => {
    const seen: string[] = [];
    const step =
      (name: string): Middleware =>
      (_request, _response, next) => {
        seen.push(name);
        next();
      };
    const url = await serve(step('first'), step('second'));
    expect(await (await fetch(url)).text()).toBe('express');
    expect(seen).toEqual(['first', 'second']);
  });

  it('may answer itself', async () => {
    const url = await serve((_request, response) => void response.end('own'));
    expect(await (await fetch(url)).text()).toBe('own');
  });

  it.each<[string, Middleware]>([
    ['throws', () => void failure()],
    ['reports a failure later', (_request, _response, next) => void setImmediate(() => next(new Error('told later')))],
  ])('that %s is answered with 500, with the reason in the log alone', async (_, step) => {
    const response = await fetch(await serve(step));
    expect([response.status, await response.json()]).toEqual([
      500,
      { statusCode: 500, message: 'Internal server error' },
    ]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(lines.join()).toMatch(/"level":50.*told (at once|later)/);
  });

  it('that fails in the middle of an answer cuts it off', async () => {
    const url = await serve((_request, response, next) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => next(new Error('in the middle')));
    });
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
    expect(lines.join()).toContain('in the middle');
  });
});

function failure(): never {
  throw new Error('told at once');
}
