import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { type Answer, basic, postForm, toAnswer } from '@onbehalf/testing-internal';
import { shiftedClock } from '../../tools/date-shift.ts';
import { RunningApp, System } from '../../tools/system.ts';

const demo = new URL('../../apps/auth-server/auth-server.yaml', import.meta.url);
/** As long as the skew that is tolerated, so that each limit is reached: a token of a late clock is at its end. Seconds. */
const LIFETIME = 30;

describe('a clock of auth-server that is not that of the services', () => {
  let system: System;
  let server: RunningApp;

  afterEach(async () => {
    await server.stop();
    await system.down();
  }, 30_000);

  /** Calls user-service, which exchanges its token and calls message-service, with a token of a server that far ahead. */
  async function callWithSkew(seconds: number): Promise<Answer> {
    const config = join(mkdtempSync(join(tmpdir(), 'skew-')), 'auth-server.yaml');
    writeFileSync(config, `${readFileSync(demo, 'utf8')}\nlifetimes:\n  accessToken: ${LIFETIME}\n`);
    system = await System.onFreePorts();
    const issuer = system.url('auth-server');
    server = new RunningApp('auth-server', system.ports['auth-server'], {
      ISSUER: issuer,
      AUTH_SERVER_CONFIG: config,
      DATABASE_URL: 'sqlite::memory:',
      NODE_OPTIONS: shiftedClock(seconds),
    });
    await server.ready();
    await system.up('user-service', 'message-service');
    const authorization = basic('user-service', 'user-service-secret');
    const { body } = await postForm(
      `${issuer}/oauth2/token`,
      { grant_type: 'client_credentials', scope: 'user.read' },
      { authorization },
    );
    const token = String(body['access_token']);
    const { iat = 0 } = decodeJwt(token);
    expect(Math.abs(iat - seconds - Date.now() / 1000)).toBeLessThan(5);
    const headers = { authorization: `Bearer ${token}` };
    return toAnswer(await fetch(`${system.url('user-service')}/user/message`, { headers }));
  }

  it.each([30, -30])(
    '%i s passes',
    async (seconds) => {
      expect((await callWithSkew(seconds)).status).toBe(200);
    },
    30_000,
  );

  it.each([
    [61, 'invalid_token'],
    [-61, 'invalid_token'],
  ])(
    '%i s is refused',
    async (seconds, error) => {
      const { status, body } = await callWithSkew(seconds);
      expect([status, body['error']]).toEqual([401, error]);
    },
    30_000,
  );
});
