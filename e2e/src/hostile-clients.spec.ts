import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { System } from '../../tools/system.ts';

describe('the authorization server and those who mean it no good', () => {
  let system: System;
  let server: string;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server');
    server = system.url('auth-server');
  }, 30_000);

  afterAll(() => system.down());

  it.each([
    ['POST', '/oauth2/token', 401],
    ['GET', '/oauth2/token', 405],
    ['GET', '/oauth2/authorize', 400],
    ['GET', '/oauth2/jwks', 200],
    ['POST', '/oauth2/introspect', 400],
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
    expect(response.headers.get('strict-transport-security')).toMatch(/^max-age=\d+/);
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
});
