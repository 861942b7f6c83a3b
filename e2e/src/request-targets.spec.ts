import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { basic } from '@onbehalf/testing-internal';
import { APPS, System, type AppName } from '../../tools/system.ts';

const GUESS = 'grant_type=client_credentials&token=x';

/** Sends a request with this target, letter by letter, and tells the status of the answer. */
async function statusOf(url: string, method: string, target: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const head = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    'Content-Type: application/x-www-form-urlencoded',
    `Authorization: ${basic('user-service', 'wrong')}`,
    `Content-Length: ${GUESS.length}`,
  ];
  socket.end(Buffer.from(`${head.join('\r\n')}\r\n\r\n${GUESS}`, 'latin1'));
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  await once(socket, 'close');
  return Number(answer.split(' ', 2)[1]);
}

describe('how a request may name what it asks for', () => {
  let system: System;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up();
  }, 60_000);

  afterAll(() => system.down());

  const targets = [
    ...['/oauth2/token\\#x', '/oauth2/introspect\\#x', '/oauth2/revoke\\#x', '/oauth2/par\\#x'],
    ...['/oauth2/token#x', '/oauth2\\token', '\\oauth2\\token', '/oauth2/token\xa0', '/oauth2/t\xf6ken'],
    ...['//oauth2/token', '//localhost/oauth2/token', 'http://localhost/oauth2/token', 'oauth2/token', '*', '//['],
  ];

  it.each(APPS.flatMap((app) => targets.map((target): [AppName, string] => [app, target])))(
    '%s refuses the target %j with 400, whatever it would make of it',
    async (app, target) => {
      expect(await statusOf(system.url(app), 'POST', target)).toBe(400);
    },
  );

  it.each([
    ...['/oauth2//token', '/oauth2/./token', '/oauth2/x/../token', '/x/../oauth2/token', '/oauth2/%2e/token'],
    ...['/oauth2%2Ftoken', '/oauth2%2ftoken', '/oauth2%5Ctoken', '/oauth2/%74oken', '/oauth2/tok%65n', '/%6fauth2/par'],
    ...['/oauth2/token/', '/oauth2/TOKEN', '/oauth2/token%23x', '/oauth2/token%', '/oauth2/introspect%20'],
    ...['/.well-known/../oauth2/token', '/oauth2/token%00', '/oauth2/token;x', '/oauth2/token/.'],
  ])('no endpoint of the protocol is behind another spelling of its path: %s is 404', async (target) => {
    expect(await statusOf(system.url('auth-server'), 'POST', target)).toBe(404);
  });

  it('a query may hold what a path may not', async () => {
    expect(await statusOf(system.url('auth-server'), 'GET', '/health/live?next=//x/%2e%2e/..')).toBe(200);
  });
});
