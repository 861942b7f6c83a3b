import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import { basic, postForm } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { until } from './until.js';

const CREDENTIALS = basic('user-service', 'user-service-secret');
/** As many as may be under way at once. */
const SENDERS = 100;

describe('the authorization server and those who mean it no good', () => {
  let system: System;
  let server: string;

  let slow: SlowSenders;

  beforeAll(async () => {
    system = await System.onFreePorts({ MAX_CONCURRENT_REQUESTS: String(SENDERS) });
    await system.up('auth-server');
    server = system.url('auth-server');
    // they take their time: the last test looks at what became of them
    slow = new SlowSenders(server);
    await until(() => Promise.resolve(slow.sent > SENDERS));
    await until(async () => (await fetch(`${server}/oauth2/token`, { method: 'POST' })).status !== 503);
  }, 30_000);

  afterAll(() => system.down());

  it.each([
    ['POST', '/oauth2/token', 401],
    ['GET', '/oauth2/token', 405],
    ['GET', '/oauth2/authorize', 400],
    ['GET', '/oauth2/jwks', 200],
    ['POST', '/oauth2/introspect', 401],
    ['GET', '/oauth2/revocations', 401],
    ['GET', '/.well-known/openid-configuration', 200],
    ['GET', '/userinfo', 401],
    ['GET', '/connect/logout', 200],
    ['GET', '/login/unknown', 400],
    ['GET', '/admin/audit', 401],
    ['GET', '/metrics', 401],
    ['GET', '/oauth2/unknown', 404],
    ['GET', '/unknown', 404],
  ])('%s %s (%i) carries the headers that browsers go by', async (method, path, status) => {
    const response = await fetch(server + path, { method, redirect: 'manual' });
    expect(response.status).toBe(status);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(response.headers.get('referrer-policy')).toBe('same-origin');
    // RFC 6797 §7.2: not over a transport that is not secure
    expect(response.headers.get('strict-transport-security')).toBeNull();
    expect(response.headers.get('x-powered-by')).toBeNull();
  });

  it.each([
    ['/oauth2/token', 400],
    ['/oauth2/introspect', 400],
    ['/oauth2/par', 400],
    ['/login/unknown', 413],
  ])('%s reads no more of a body than it needs', async (path, status) => {
    const response = await fetch(server + path, {
      method: 'POST',
      body: new URLSearchParams({ a: 'x'.repeat(300_000) }),
    });
    expect(response.status).toBe(status);
  });

  it('a client that never ends its headers is cut off', async () => {
    const socket = connect(Number(new URL(server).port), 'localhost');
    socket.write('POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\n');
    const begin = Date.now();
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /);
    if (!socket.closed) await once(socket, 'close');
    expect(Date.now() - begin).toBeLessThan(15_000);
  }, 40_000);

  it(`${SENDERS} clients that send their bodies byte by byte keep nobody out, and are cut off`, async () => {
    const form = { grant_type: GrantType.ClientCredentials };
    const answered = await postForm(`${server}/oauth2/token`, form, { authorization: CREDENTIALS });
    expect([answered.status, slow.open]).toEqual([200, SENDERS]);
    const before = memory(system.app('auth-server').pid);
    await slow.ended;
    expect(slow.answers.size).toBeGreaterThan(0);
    for (const answer of slow.answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(slow.longest).toBeLessThan(40_000);
    expect(memory(system.app('auth-server').pid)).toBeLessThan(1.5 * before);
  }, 60_000);
});

/** Clients that begin a request to the token endpoint and send a byte of its body twice a second. */
class SlowSenders {
  open = 0;
  /** Bytes of bodies, of all of them together. */
  sent = 0;
  /** What came back, as far as anything did. */
  readonly answers = new Set<string>();
  /** Milliseconds that the last one lived. */
  longest = 0;
  readonly ended: Promise<unknown>;

  constructor(server: string) {
    const { hostname, port } = new URL(server);
    const head = `POST /oauth2/token HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${CREDENTIALS}\r\n`;
    const type = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 50000\r\n\r\n';
    this.ended = Promise.all(
      Array.from({ length: SENDERS }, () => this.#send(connect(Number(port), hostname), head + type)),
    );
  }

  async #send(socket: Socket, head: string): Promise<void> {
    const begun = Date.now();
    this.open += 1;
    socket.write(head);
    const drip = setInterval(() => {
      socket.write('a');
      this.sent += 1;
    }, 500);
    socket.on('error', () => undefined).on('data', (data: Buffer) => this.answers.add(data.toString()));
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
    this.open -= 1;
    this.longest = Math.max(this.longest, Date.now() - begun);
  }
}

/** Resident, in bytes. */
function memory(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
