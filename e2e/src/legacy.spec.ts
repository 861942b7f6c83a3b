import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt } from 'jose';
import { type Answer, basic, postForm, UserAgent } from '@onbehalf/testing-internal';
import { LegacySystem } from '../../tools/legacy.ts';
import { System } from '../../tools/system.ts';
import { JWT } from './jwt-pattern.js';

const SESSION_TYPE = 'urn:example:token-type:legacy-session';

describe('a system from before OAuth, in the demo', () => {
  let legacy: LegacySystem;
  let system: System;

  beforeAll(async () => {
    legacy = await LegacySystem.start();
    system = await System.onFreePorts(legacy.settings);
    await system.up('auth-server', 'message-service', 'user-service', 'client-app');
  }, 60_000);
  afterAll(async () => {
    await system.down();
    await legacy.stop();
  });

  const post = (path: string, form: Record<string, string>) =>
    fetch(legacy.url + path, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });

  /** As a browser does: the form, the page that carries the response, the service. */
  async function signIn(): Promise<{ cookie: string; session: string; assertion: string; user: string }> {
    const page = await (await post('/idp', { username: 'baeldung', password: 'password' })).text();
    const SAMLResponse = /name="SAMLResponse" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const { headers } = await post('/service/acs', { SAMLResponse });
    const cookie = (headers.get('set-cookie') ?? '').split(';')[0]!;
    const known: unknown = await (await fetch(`${legacy.url}/service`, { headers: { cookie } })).json();
    return { ...(known as { session: string; assertion: string; user: string }), cookie };
  }

  function exchange(type: string, token: string, client = 'lab-legacy'): Promise<Answer> {
    const form = { grant_type: GrantType.TokenExchange, subject_token: token, subject_token_type: type };
    const credentials = { authorization: basic(client, 'lab-secret') };
    return postForm(`${system.url('auth-server')}/oauth2/token`, { ...form, audience: 'message-service' }, credentials);
  }

  async function message(token: unknown): Promise<[number, string]> {
    const headers = { authorization: `Bearer ${String(token)}` };
    const answer = await fetch(`${system.url('message-service')}/message`, { headers });
    return [answer.status, await answer.text()];
  }

  it.each([
    ['its assertion', TokenType.Saml2, 'assertion'],
    ['its session id', SESSION_TYPE, 'session'],
  ] as const)('signs a user in, and %s opens message-service, on behalf of the user', async (_, type, member) => {
    const known = await signIn();
    expect(known.user).toBe('baeldung');
    const { status, body } = await exchange(type, known[member]);
    expect([status, body['error_description']]).toEqual([200, undefined]);
    const claims = decodeJwt(String(body['access_token']));
    expect(claims).toMatchObject({ sub: 'baeldung', aud: 'message-service', act: { sub: 'lab-legacy' } });
    expect(claims['auth_time']).toBeLessThanOrEqual(claims.iat!);
    const [answered, text] = await message(body['access_token']);
    expect(answered).toBe(200);
    expect(text).toContain('baeldung');
    expect(system.output()).not.toContain(known.session);
  });

  it('takes nobody’s word for it', async () => {
    const { assertion, session } = await signIn();
    const forged = Buffer.from(assertion, 'base64url').toString().replace('>baeldung<', '>admin<');
    const answers = [
      await exchange(TokenType.Saml2, Buffer.from(forged).toString('base64url')),
      await exchange(TokenType.Saml2, assertion, 'lab-1'),
      await exchange(SESSION_TYPE, session, 'lab-1'),
      await exchange(SESSION_TYPE, `${session}x`),
      await exchange(SESSION_TYPE, assertion),
      await exchange(TokenType.Saml2, session),
    ];
    expect(answers.map(({ status, body }) => [status, body['error']])).toEqual(
      answers.map(() => [400, 'invalid_request']),
    );
    expect((await post('/idp', { username: 'baeldung', password: 'guess' })).status).toBe(401);
    expect((await post('/service/session', { id: session })).status).toBe(401);
    expect((await post('/service/acs', { SAMLResponse: Buffer.from(forged).toString('base64') })).status).toBe(400);
  });

  it.each([
    ['saml-assertion', ['works', ...Array<string>(3).fill('refused, as it must be')]],
    ['custom-token', ['works', ...Array<string>(2).fill('refused, as it must be')]],
  ])(
    'is used by the card %s of the lab, by a button that really does it',
    async (id, expected) => {
      const agent = new UserAgent();
      const client = system.url('client-app');
      const page = await agent.follow(await agent.get(`${client}/login`));
      await agent.follow(await agent.submit(page.url, { username: 'baeldung', password: 'password' }));
      const card = await (await agent.get(`${client}/lab/cards/${id}`)).text();
      const [, name = '', value = ''] = /<input type="hidden" name="([^"]+)" value="([^"]+)"/.exec(card) ?? [];
      const done = await agent.submit(`${client}/lab/cards/${id}`, { [name]: value });
      const result = await (await agent.follow(done)).text();
      const verdicts = [...result.matchAll(/class="verdict[^"]*">([^<]+)</g)].map(([, verdict]) => verdict);
      // each stands in the overview, and at its track
      expect(verdicts).toEqual([...expected, ...expected]);
      expect(result).toContain('Hello Baeldung');
      expect(result).not.toMatch(JWT);
      expect(result).not.toMatch(/lab-secret|LEGACYSESSION=[\w-]{20}|PHNhbWw6/);
    },
    30_000,
  );

  it('is not for production', () => {
    const script = fileURLToPath(new URL('../../tools/legacy-service.ts', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script], { env: { NODE_ENV: 'production' } });
    expect([status, String(stderr)]).toEqual([1, expect.stringContaining('does not run in production')]);
  });
});

describe('the demo without that system', () => {
  let system: System;
  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server');
  }, 60_000);
  afterAll(() => system.down());

  it('says that sessions cannot be looked at, and trusts no assertion', async () => {
    const ask = (type: string) =>
      postForm(
        `${system.url('auth-server')}/oauth2/token`,
        {
          grant_type: GrantType.TokenExchange,
          subject_token: 'x',
          subject_token_type: type,
          audience: 'message-service',
        },
        { authorization: basic('lab-legacy', 'lab-secret') },
      );
    const [session, assertion] = [await ask(SESSION_TYPE), await ask(TokenType.Saml2)];
    expect([session.status, session.headers.get('retry-after')]).toEqual([503, '60']);
    expect([assertion.status, assertion.body['error']]).toEqual([400, 'invalid_request']);
  });
});
