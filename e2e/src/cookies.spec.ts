import { randomBytes, randomUUID, scryptSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { nextOf, UserAgent } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';

const ISSUER = 'https://as.example';
const REDIRECT_URI = 'https://app.example/callback';
const PASSWORD = randomUUID();

function passwordHash(): string {
  const salt = randomBytes(16);
  const hash = scryptSync(PASSWORD, salt, 32, { N: 2 ** 14, r: 8, p: 1 });
  return ['scrypt', 2 ** 14, 8, 1, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

const config = {
  resources: [{ audience: 'api', scopes: ['api.read'] }],
  clients: [
    {
      ...{ clientId: 'app', secret: randomUUID(), grantTypes: ['authorization_code'], redirectUris: [REDIRECT_URI] },
      ...{ scopes: ['openid', 'api.read'], defaultResource: 'api' },
    },
  ],
  users: [{ username: 'ann', passwordHash: passwordHash() }],
};

describe('the cookies of the authorization server behind https', () => {
  let system: System;
  let server: string;

  beforeAll(async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'cookies-')), 'config.json');
    writeFileSync(path, JSON.stringify(config));
    system = await (await System.onFreePorts({ AUTH_SERVER_CONFIG: path, ISSUER })).up('auth-server');
    server = system.url('auth-server');
  }, 30_000);

  afterAll(() => system.down());

  it('are from this host and https alone, through a whole login and the next one', async () => {
    const agent = new UserAgent();
    const set: string[] = [];
    const go = async (step: Promise<Response>): Promise<Response> => {
      const response = await step;
      set.push(...response.headers.getSetCookie());
      return response;
    };
    /** What ends TLS in front hands on the path. */
    const next = async (response: Response): Promise<string> =>
      new URL((await nextOf(response)) ?? 'none', ISSUER).href.replace(ISSUER, server);
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: 'app', redirect_uri: REDIRECT_URI, scope: 'openid api.read' },
      ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
    });
    const asked = `${server}/oauth2/authorize?${query.toString()}`;
    const page = await next(await go(agent.get(asked)));
    expect((await go(agent.get(page))).status).toBe(200);
    const finished = await go(agent.submit(page, { username: 'ann', password: PASSWORD }));
    const back = await go(agent.get(await next(finished)));
    expect(back.headers.get('location')).toContain(`${REDIRECT_URI}?code=`);
    expect((await go(agent.get(asked))).headers.get('location')).toContain(`${REDIRECT_URI}?code=`);
    expect(new Set(set.map((cookie) => cookie.split('=', 1)[0]))).toEqual(
      new Set(
        ['__Host-auth-server.session', '__Secure-auth-server.login', '__Secure-auth-server.resume'].flatMap((name) => [
          name,
          `${name}.sig`,
        ]),
      ),
    );
    for (const cookie of set) {
      expect(cookie).toMatch(/; secure(;|$)/i);
      expect(cookie).toMatch(/; httponly(;|$)/i);
      expect(cookie).toMatch(/; samesite=lax(;|$)/i);
      expect(cookie).not.toMatch(/; domain=/i);
      if (cookie.startsWith('__Host-')) expect(cookie).toMatch(/; path=\/(;|$)/i);
    }
  });
});
