import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, basic, logIn, toAnswer, UserAgent } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { JWT } from './jwt-pattern.js';

const LIMIT = 60_000;
let system: System;

afterEach(() => system.down(), LIMIT);

async function tokenA(): Promise<string> {
  const { body } = await logIn({
    issuer: system.url('auth-server'),
    clientId: 'client-app',
    redirectUri: `${system.url('client-app')}/callback`,
    scope: 'openid profile user.read',
    authorization: basic('client-app', 'client-app-secret'),
  });
  return String(body['access_token']);
}

async function callUserService(token: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}` };
  return toAnswer(await fetch(`${system.url('user-service')}/user/message`, { headers }));
}

async function readiness(): Promise<number[]> {
  const services = ['user-service', 'message-service', 'client-app'] as const;
  return Promise.all(services.map(async (app) => (await fetch(`${system.url(app)}/health/ready`)).status));
}

async function until(condition: () => Promise<boolean>, within = 20_000): Promise<void> {
  const end = Date.now() + within;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('It did not come true in time');
    await sleep(100);
  }
}

describe('message-service down', () => {
  it(
    'user-service answers 502 with a problem document, client-app with a page, both with a reference; none logs a token',
    async () => {
      system = await (await System.onFreePorts({ LOG_LEVEL: 'trace' })).up();
      const token = await tokenA();
      const agent = new UserAgent();
      const login = await agent.follow(await agent.get(`${system.url('client-app')}/login`));
      await agent.follow(await agent.submit(login.url, { username: 'baeldung', password: 'password' }));
      await system.app('message-service').stop();

      const { status, headers, body } = await callUserService(token);
      expect([status, headers.get('content-type')]).toEqual([502, 'application/problem+json; charset=utf-8']);
      expect(body).toMatchObject({
        status: 502,
        error: 'bad_gateway',
        reference: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
      expect(JSON.stringify(body)).not.toMatch(/localhost|ECONN| at /);

      const page = await agent.get(`${system.url('client-app')}/api/user/message`);
      const html = await page.text();
      expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8']);
      const reference = /Reference: <code>([0-9a-f]{32})<\/code>/.exec(html)?.[1] ?? 'none';
      // the number leads to the lines of every service that took part
      for (const app of ['client-app', 'user-service'] as const) {
        await system.app(app).printed(reference);
      }
      expect(system.output()).not.toMatch(JWT);
      expect(system.output()).not.toMatch(/[Bb]earer [\w-]{10}|client-app-secret|user-service-secret/);
    },
    LIMIT,
  );
});

describe('services that start before the authorization server', () => {
  it(
    'are not ready, answer 503 to guarded calls, and recover by themselves',
    async () => {
      system = await System.onFreePorts();
      const services = system.start('message-service', 'user-service', 'client-app');
      await Promise.all(services.map((app) => app.ready('/health/live')));
      expect(await readiness()).toEqual([503, 503, 503]);

      const other = `${btoa('{"alg":"ES256","typ":"at+jwt","kid":"k"}')}.${btoa(`{"iss":"${system.url('auth-server')}"}`)}.AA`;
      const refused = await callUserService(other.replaceAll('=', ''));
      expect([refused.status, refused.body['error']]).toEqual([503, 'temporarily_unavailable']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.headers.get('www-authenticate')).toBeNull();
      const page = await fetch(`${system.url('client-app')}/login`, { redirect: 'manual' });
      expect(page.status).toBe(503);

      await system.up('auth-server');
      await until(async () => (await readiness()).every((status) => status === 200));
      expect((await callUserService(await tokenA())).status).toBe(200);
    },
    LIMIT,
  );
});
