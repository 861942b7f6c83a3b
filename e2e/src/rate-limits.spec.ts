import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import { System } from '../../tools/system.ts';
import { logIn } from './authorization-code.js';
import { basic, postForm } from './form-post.js';
import { UserAgent } from './user-agent.js';

const demo = fileURLToPath(new URL('../../apps/auth-server/auth-server.yaml', import.meta.url));
const limits = `
rateLimits:
  login: { failuresPerAccount: 3 }
  token: { failuresPerClient: 3, requestsPerClient: 20 }
`;

describe('rate limits, over HTTP', () => {
  let system: System;
  let server: string;

  beforeAll(async () => {
    const config = join(mkdtempSync(join(tmpdir(), 'rate-limits-')), 'config.yaml');
    writeFileSync(config, readFileSync(demo, 'utf8') + limits);
    // a proxy on this machine is believed, so that the tests come from where they want
    const settings = { AUTH_SERVER_CONFIG: config, TRUSTED_PROXIES: '127.0.0.1,::1', DATABASE_URL: 'sqlite::memory:' };
    system = await (await System.onFreePorts(settings)).up('auth-server');
    server = system.url('auth-server');
  }, 30_000);

  afterAll(() => system.down());

  const ask = (address: string, secret = 'user-service-secret', path = '/oauth2/token') =>
    postForm(
      server + path,
      { grant_type: GrantType.ClientCredentials, scope: 'user.read', token: 'x' },
      { authorization: basic('user-service', secret), 'x-forwarded-for': address },
    );

  async function statuses(count: number, send: () => Promise<{ status: number }>): Promise<number[]> {
    const all = [];
    for (let i = 0; i < count; i++) all.push((await send()).status);
    return all;
  }

  it('a secret can be guessed a few times, then the client at that address has to wait', async () => {
    expect(await statuses(4, () => ask('192.0.2.1', 'wrong'))).toEqual([401, 401, 401, 429]);
    const { status, headers, body } = await ask('192.0.2.1');
    expect({ status, error: body['error'] }).toEqual({ status: 429, error: 'temporarily_unavailable' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('other addresses are not held to it', async () => {
    expect((await ask('192.0.2.2')).status).toBe(200);
  });

  it('guesses count at every endpoint at which clients authenticate', async () => {
    const paths = ['/oauth2/introspect', '/oauth2/revoke', '/oauth2/par'];
    for (const path of paths) expect((await ask('192.0.2.3', 'wrong', path)).status).toBe(401);
    expect((await ask('192.0.2.3')).status).toBe(429);
  });

  it('guesses count at the revocation feed, too', async () => {
    const headers = (secret: string) => ({
      authorization: basic('user-service', secret),
      'x-forwarded-for': '192.0.2.5',
    });
    const feed = (secret: string) => fetch(`${server}/oauth2/revocations`, { headers: headers(secret) });
    expect(await statuses(4, () => feed('wrong'))).toEqual([401, 401, 401, 429]);
    expect((await feed('user-service-secret')).headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('a client that asks too often has to wait', async () => {
    const all = await statuses(21, () => ask('192.0.2.4'));
    expect([all.filter((status) => status === 200).length, all.at(-1)]).toEqual([20, 429]);
  });

  it('a password can be guessed a few times, then a page says how long to wait', async () => {
    const agent = new UserAgent();
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'client-app',
      redirect_uri: `${system.url('client-app')}/callback`,
      scope: 'openid user.read',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    });
    const page = await agent.follow(await agent.get(`${server}/oauth2/authorize?${query.toString()}`));
    const guess = () => agent.submit(page.url, { username: 'baeldung', password: 'guess' });
    expect(await statuses(3, guess)).toEqual([400, 400, 400]);
    const refused = await guess();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.text()).toContain('too many attempts');
    // the right password does not help from here, and does from elsewhere
    expect((await agent.submit(page.url, { username: 'baeldung', password: 'password' })).status).toBe(429);
    const elsewhere = new UserAgent({ 'x-forwarded-for': '192.0.2.9' });
    const login = { issuer: server, clientId: 'client-app', redirectUri: `${system.url('client-app')}/callback` };
    const authorization = basic('client-app', 'client-app-secret');
    expect((await logIn({ ...login, scope: 'openid user.read', authorization }, elsewhere)).status).toBe(200);
  });
});
