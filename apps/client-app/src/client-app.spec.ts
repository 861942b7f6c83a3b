import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createApp, type CreatedApp } from '@onbehalf/service-host';
import { startTestServer, type Answering, type TestServer } from '@onbehalf/testing';
import { TokenType } from '@onbehalf/oauth-protocol';
import { freePort } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { Browser } from './browser.fixture.js';
import { clientApp } from './client-app.js';
import { TestProvider } from './test-provider.fixture.js';

const ANSWER = {
  message: 'Hello <b>Baeldung</b>',
  hops: [
    { service: 'user-service', claims: { sub: 'baeldung', aud: 'user-service', client_id: 'client-app' } },
    { service: 'message-service', claims: { sub: 'baeldung', aud: 'message-service', client_id: 'user-service' } },
  ],
};
const answerMessage: Answering = () => ({ body: ANSWER });

/** What goes on while the date is another. */
const ALL_BUT_THE_DATE = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
  ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
];

const lines: string[] = [];
let provider: TestProvider;
let userService: TestServer;
let app: CreatedApp | undefined;
// one port for all tests: the client is registered with it
let port: number;
let base: string;

beforeAll(async () => {
  port = await freePort();
  base = `http://localhost:${port}`;
  provider = await TestProvider.start(base);
  userService = await startTestServer(answerMessage);
});

afterAll(async () => {
  await provider.stop();
  await userService.close();
});

beforeEach(async () => {
  userService.answering = answerMessage;
  userService.requests.length = 0;
  provider.reset();
  lines.length = 0;
  await startClientApp();
});

afterEach(() => app?.close(0));

async function startClientApp(more: Record<string, string> = {}): Promise<void> {
  const servers = { ISSUER: provider.issuer, USER_SERVICE_URL: userService.url };
  const given = { PORT: String(port), DATABASE_URL: 'sqlite::memory:', ...servers, ...more };
  app = await createApp(clientApp, given, { write: (line) => void lines.push(line) });
  await app.listen();
}

describe('signing in', () => {
  it('tells the visitor what this is, and begins nothing by itself', async () => {
    const browser = new Browser();
    const page = await browser.open(`${base}/`);
    expect([page.url, page.status, browser.names()]).toEqual([`${base}/`, 200, []]);
    expect(page.body).toContain('href="/login?demo"');
  });

  it('begins with the name of the demo user where that is asked for', async () => {
    const { location } = await new Browser().request(`${base}/login?demo`);
    expect(new URL(location ?? '').searchParams.get('login_hint')).toBe('baeldung');
  });

  it("sends the visitor to the authorization server and greets with the tokens' subject and authorized party", async () => {
    const browser = new Browser();
    const page = await browser.open(`${base}/login`);
    expect(page.body).toContain("<h1>Hello 'baeldung (client-app)'</h1>");
    expect(page.body).toContain('href="/api/user/message"');
  });

  it('asks by authorization code with PKCE (S256), state and nonce', async () => {
    const { location } = await new Browser().request(`${base}/login`);
    const asked = new URL(location ?? '');
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      client_id: 'client-app',
      redirect_uri: `${base}/callback`,
      response_type: 'code',
      scope: 'openid profile user.read',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      state: expect.stringMatching(/^[\w-]{16}\.[\w-]{60,400}\.[\w-]{22}$/) as unknown,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as unknown,
    });
  });

  it('comes back to the page that was asked for', async () => {
    const page = await new Browser().open(`${base}/api/user/message`);
    expect(page.url).toBe(`${base}/api/user/message`);
    expect(page.body).toContain('Hello &lt;b>Baeldung&lt;/b>');
  });

  it('keeps the tokens on its own side, in a session whose cookie is HttpOnly and SameSite', async () => {
    const browser = new Browser();
    const page = await browser.open(`${base}/api/user/message`);
    const token = userService.requests[0]?.headers.authorization?.slice('Bearer '.length) ?? 'none';
    expect(token).toMatch(/^eyJ/);
    expect(browser.setCookies.filter((cookie) => cookie.startsWith('client-app.sid='))).toEqual([
      expect.stringMatching(/^client-app\.sid=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/),
    ]);
    for (const text of [page.body, browser.setCookies.join(), lines.join()]) expect(text).not.toContain(token);
  });

  it('marks the cookie as secure where the public address is https', async () => {
    const url = 'https://app.example.com';
    const given = { PORT: '0', ISSUER: provider.issuer, PUBLIC_URL: url, DATABASE_URL: 'sqlite::memory:' };
    const behindProxy = await createApp(clientApp, given, { write: () => undefined });
    const { port } = (await behindProxy.listen()).address() as AddressInfo;
    const headers = { 'x-forwarded-proto': 'https' };
    const answer = await fetch(`http://localhost:${port}/login`, { headers, redirect: 'manual' });
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-client-app\.login\.\d+=[\w-]{22}; Max-Age=600; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(`${url}/callback`);
    await behindProxy.close(0);
  });

  it('gives the session a new id, so that one planted before is worth nothing', async () => {
    const thief = new Browser();
    await thief.open(`${base}/login`);
    const planted = thief.cookie('client-app.sid');
    const browser = new Browser({ 'client-app.sid': planted });
    await browser.open(`${base}/login`);
    expect(browser.cookie('client-app.sid')).not.toBe(planted);
    expect((await thief.request(`${base}/api/user/message`)).status).toBe(303);
  });

  it('keeps what it has begun in the browser alone, so that no number of others ends it, nor a restart', async () => {
    const secret = { SESSION_SECRET: randomBytes(32).toString('hex') };
    await app?.close(0);
    await startClientApp(secret);
    const browser = new Browser();
    const back = await browser.openUntil(`${base}/api/user/message`, `${base}/callback`);
    expect(browser.cookie('client-app.sid')).toBe('');
    for (let i = 0; i < 100; i += 1) await new Browser().request(`${base}/login`);
    await app?.close(0);
    await startClientApp(secret);
    expect((await browser.open(back)).url).toBe(`${base}/api/user/message`);
  });

  it('lets a browser begin five at a time; the oldest goes', async () => {
    const browser = new Browser();
    for (let i = 0; i < 20; i += 1) await browser.request(`${base}/login`);
    expect(browser.names().filter((name) => name.startsWith('client-app.login.'))).toHaveLength(5);
    expect((await browser.open(`${base}/login`)).body).toContain("Hello 'baeldung");
  });

  it.each([45, 300])(
    'takes the next request of a browser that began %i at once, and clears what is too much',
    async (many) => {
      const browser = new Browser();
      const begun = await Promise.all(Array.from({ length: many }, () => browser.request(`${base}/login`)));
      expect(new Set(begun.map(({ status }) => status))).toEqual(new Set([303]));
      const held = browser.names().filter((name) => name.startsWith('client-app.login.'));
      const bytes = held.reduce((sum, name) => sum + `${name}=${browser.cookie(name)}; `.length, 0);
      expect(bytes).toBeLessThan(6 * 1024);
      for (let i = 0; i < 5; i += 1) {
        const { status, headers } = await browser.request(`${base}/login`);
        expect([status, headers.getSetCookie().join().length < 2048]).toEqual([303, true]);
      }
      expect(browser.names().filter((name) => name.startsWith('client-app.login.'))).toHaveLength(5);
      expect((await browser.open(`${base}/login`)).body).toContain("Hello 'baeldung");
    },
  );

  it('is brought to its end in each of five tabs that begin at once, and clears their cookies', async () => {
    const browser = new Browser();
    const tabs = await Promise.all(Array.from({ length: 5 }, () => browser.request(`${base}/api/user/message`)));
    for (const { location = '' } of tabs) expect((await browser.open(location)).url).toBe(`${base}/api/user/message`);
    expect(browser.names().filter((name) => name.startsWith('client-app.login.'))).toEqual([]);
  });

  it('works in several tabs at a time, in any order', async () => {
    const browser = new Browser();
    const first = await browser.request(`${base}/login`);
    const second = await browser.request(`${base}/api/user/message`);
    expect((await browser.open(first.location ?? '')).body).toContain("Hello 'baeldung (client-app)'");
    expect((await browser.open(second.location ?? '')).url).toBe(`${base}/api/user/message`);
  });
});

describe('what comes back from the authorization server', () => {
  async function callback(): Promise<{ browser: Browser; url: URL }> {
    const browser = new Browser();
    const url = await browser.openUntil(`${base}/login`, `${base}/callback`);
    return { browser, url: new URL(url) };
  }

  it.each([
    ['a state that nobody was given', (query: URLSearchParams) => query.set('state', 'made-up'), 400],
    ['no state', (query: URLSearchParams) => query.delete('state'), 400],
    ['a state named like a member of every object', (query: URLSearchParams) => query.set('state', '__proto__'), 400],
    ['another such state', (query: URLSearchParams) => query.set('state', 'constructor'), 400],
    // RFC 9207 §2.4
    ['the iss of another server', (query: URLSearchParams) => query.set('iss', 'https://evil.example'), 502],
    ['no iss', (query: URLSearchParams) => query.delete('iss'), 502],
    ['a code that nobody was given', (query: URLSearchParams) => query.set('code', 'made-up'), 502],
    ['two codes', (query: URLSearchParams) => query.append('code', 'made-up'), 502],
  ])('is refused with %s', async (_case, change, status) => {
    const { browser, url } = await callback();
    change(url.searchParams);
    const page = await browser.request(url.href);
    expect([page.status, page.body.includes('Reference: <code>')]).toEqual([status, true]);
    expect((await browser.request(`${base}/api/user/message`)).status).toBe(303);
  });

  it('is refused in another browser, which did not begin this sign-in', async () => {
    const { url } = await callback();
    expect((await new Browser().request(url.href)).status).toBe(400);
  });

  it.each<[string, (parts: string[]) => string]>([
    ['that was changed', ([iv, text, tag]) => [iv, `AAAA${text!.slice(4)}`, tag].join('.')],
    ['with another tag', ([iv, text]) => [iv, text, 'x'.repeat(22)].join('.')],
    ['without a tag', ([iv, text]) => [iv, text].join('.')],
    ['that is empty', () => '.'],
    ['with a header of its own', (parts) => ['eyJhbGciOiJub25lIn0', '', ...parts].join('.')],
  ])('is refused with a state %s', async (_, change) => {
    const { browser, url } = await callback();
    url.searchParams.set('state', change(url.searchParams.get('state')!.split('.')));
    const page = await browser.request(url.href);
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('Please sign in again')]);
  });

  it.each([
    ['was changed', (secret: string) => `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`],
    ['is empty', () => ''],
    ['is one of somebody who knows the state', (_: string, state: string) => state],
  ])('is refused in a browser whose cookie %s', async (_, change) => {
    const { browser, url } = await callback();
    const [name] = browser.names().filter((each) => each.startsWith('client-app.login.'));
    const forged = new Browser({ [name!]: change(browser.cookie(name!), url.searchParams.get('state')!) });
    const page = await forged.request(url.href);
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('Please sign in again')]);
  });

  it('tells nobody what the state holds, and nothing that the cookie proves', async () => {
    const browser = new Browser();
    const { location = '' } = await browser.request(`${base}/api/user/message`);
    const [name] = browser.names().filter((each) => each.startsWith('client-app.login.'));
    const { searchParams } = new URL(location);
    const parts = searchParams
      .get('state')!
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(location).not.toMatch(/state=eyJ/);
    for (const value of [searchParams.get('nonce'), '/api/user/message', browser.cookie(name!)]) {
      expect(parts.join('.')).not.toContain(value);
    }
    expect(location).not.toContain(browser.cookie(name!));
  });

  it('is refused in a browser with the cookie of another sign-in', async () => {
    const [one, other] = [await callback(), await callback()];
    expect((await one.browser.request(other.url.href)).status).toBe(400);
  });

  it('is refused after ten minutes, however long its cookie and its state were kept', async () => {
    const { browser, url } = await callback();
    jest.useFakeTimers({ doNotFake: ALL_BUT_THE_DATE, now: Date.now() + 601_000 });
    const page = await browser.request(url.href).finally(() => jest.useRealTimers());
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('This sign-in has expired')]);
    expect((await browser.request(url.href)).status).toBe(303);
  });

  it('is accepted once, however its state is spelled', async () => {
    const { browser, url } = await callback();
    const copy = browser.copy();
    await browser.request(url.href);
    const state = url.searchParams.get('state')!;
    // bits that no byte is made of: the same state
    const spelled = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = spelled.indexOf(state.at(-1)!);
    url.searchParams.set('state', state.slice(0, -1) + spelled[last ^ 1]!);
    const page = await copy.request(url.href);
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('was already used')]);
    expect((await browser.request(`${base}/api/user/message`)).status).toBe(200);
  });

  it('is accepted once', async () => {
    const { browser, url } = await callback();
    const copy = browser.copy();
    expect((await browser.request(url.href)).status).toBe(303);
    // the cookie is gone, and who has kept it cannot use it again
    expect((await browser.request(url.href)).location).toBe(`${base}/`);
    const page = await copy.request(url.href);
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('was already used')]);
    // the code was not used again: the server would have ended what came from it
    expect((await browser.request(`${base}/api/user/message`)).status).toBe(200);
  });

  it('is accepted from two first visits at once, each of which began a sign-in of its own', async () => {
    const browser = new Browser();
    const [first, second] = await Promise.all([browser.request(`${base}/login`), browser.request(`${base}/login`)]);
    expect((await browser.open(first.location ?? '')).body).toContain("Hello 'baeldung (client-app)'");
    expect((await browser.open(second.location ?? '')).status).toBe(200);
  });

  it('may be a refusal, which is told without repeating what the address says', async () => {
    const { browser, url } = await callback();
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
    url.searchParams.set('error_description', 'Please call 555-EVIL');
    const page = await browser.request(url.href);
    expect([page.status, page.body.includes('EVIL')]).toEqual([403, false]);
    // the log keeps it: who operates this must know why
    expect(lines.join()).toContain('Please call 555-EVIL');
  });
});

describe('an expired access token', () => {
  it('is refreshed once for all requests that need it, and the rotated refresh token is the one that counts', async () => {
    provider.firstTokenLifetime = 5;
    const browser = new Browser();
    await browser.open(`${base}/login`);
    const pages = await Promise.all(Array.from({ length: 8 }, () => browser.request(`${base}/api/user/message`)));
    expect(pages.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(provider.refreshes).toBe(1);
    expect(new Set(userService.requests.map(({ headers }) => headers.authorization)).size).toBe(1);
    expect((await browser.request(`${base}/api/user/message`)).status).toBe(200);
    expect(provider.refreshes).toBe(1);
  });

  it('that cannot be refreshed any more leads to the login, and back', async () => {
    provider.firstTokenLifetime = 5;
    const browser = new Browser();
    await browser.open(`${base}/login`);
    provider.refuseRefresh = true;
    const answer = await browser.request(`${base}/api/user/message`);
    expect([answer.status, answer.location?.startsWith(provider.issuer)]).toEqual([303, true]);
    provider.reset();
    expect((await browser.open(answer.location ?? '')).url).toBe(`${base}/api/user/message`);
  });
});

describe('RFC 9470 §4: a service that asks for another authentication', () => {
  const challenge = 'Bearer error="insufficient_user_authentication", acr_values="gold silver", max_age=300';
  const refuse: Answering = () => ({ status: 401, headers: { 'www-authenticate': challenge } });
  const refuseNow: Answering = () => ({
    status: 401,
    headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age=0' },
  });
  const message = () => `${base}/api/user/message`;

  it('leads to a login with the acr_values and max_age of the challenge, and back to the page', async () => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    userService.answering = refuse;
    const { status, location } = await browser.request(message());
    const asked = new URL(location ?? '');
    expect([status, asked.origin]).toEqual([303, provider.issuer]);
    expect(asked.searchParams.get('acr_values')).toBe('gold silver');
    expect(asked.searchParams.get('max_age')).toBe('300');
    userService.answering = answerMessage;
    const page = await browser.open(asked.href);
    expect([page.url, page.status]).toEqual([message(), 200]);
    const [before, after] = userService.requests.map(({ headers }) => headers.authorization);
    expect(before).not.toBe(after);
  });

  it('leaves the user signed in who does not go along', async () => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    userService.answering = refuse;
    await browser.request(message());
    expect((await browser.request(`${base}/`)).body).toContain("Hello 'baeldung (client-app)'");
  });

  it('is tried once: a challenge right after such a login is told on a page', async () => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    userService.answering = refuse;
    const page = await browser.open(message());
    expect([page.url, page.status]).toEqual([message(), 403]);
    expect(page.body).toContain('Your sign-in is not strong enough');
    expect(userService.requests).toHaveLength(2);
  });

  it('is tried anew when the user comes back, and when a login that was enough is so no longer', async () => {
    const browser = new Browser();
    userService.answering = refuse;
    expect((await browser.open(message())).status).toBe(403);
    const again = await browser.request(message());
    expect([again.status, again.location?.startsWith(provider.issuer)]).toEqual([303, true]);
    userService.answering = answerMessage;
    expect((await browser.open(again.location ?? '')).status).toBe(200);
    userService.answering = refuse;
    expect((await browser.request(message())).status).toBe(303);
  });

  it('makes the provider ask the user again, where max_age says so', async () => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    expect(provider.logins).toBe(1);
    const answers: Answering[] = [refuseNow, answerMessage];
    userService.answering = (request) => answers.shift()!(request);
    expect((await browser.open(message())).status).toBe(200);
    expect(provider.logins).toBe(2);
  });

  it('takes no login without the age that was asked for, when max_age was removed on the way', async () => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    userService.answering = refuseNow;
    const asked = new URL((await browser.request(message())).location ?? '');
    asked.searchParams.delete('max_age');
    expect((await browser.open(asked.href)).status).toBe(502);
    expect(userService.requests).toHaveLength(1);
  });
});

describe('signing out', () => {
  it('ends the session here, revokes the refresh token, and goes on to the provider', async () => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    const sid = browser.cookie('client-app.sid');
    const { status, location } = await browser.submit(`${base}/logout`);
    const end = new URL(location ?? '');
    expect([status, end.origin, end.pathname]).toEqual([303, provider.issuer, '/session/end']);
    expect(Object.fromEntries(end.searchParams)).toEqual({
      client_id: 'client-app',
      post_logout_redirect_uri: `${base}/`,
      state: 'signed-out',
    });
    expect(provider.revocations).toBe(1);
    expect((await new Browser({ 'client-app.sid': sid }).request(`${base}/api/user/message`)).status).toBe(303);
  });

  it.each(['spring', 'keycloak'])('tells %s whom to sign out by the ID token, which it wants', async (profile) => {
    await app?.close(0);
    await startClientApp({ TOKEN_PROFILE: profile });
    const browser = new Browser();
    await browser.open(`${base}/login`);
    const { location } = await browser.submit(`${base}/logout`);
    const end = new URL(location ?? '');
    const [, claims = ''] = (end.searchParams.get('id_token_hint') ?? '').split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      sub: 'baeldung',
      aud: 'client-app',
    });
    expect(end.searchParams.get('post_logout_redirect_uri')).toBe(`${base}/`);
    expect(lines.join()).not.toContain(end.searchParams.get('id_token_hint'));
  });

  it('runs no experiment at another server than ours, and says so', async () => {
    await app?.close(0);
    await startClientApp({ TOKEN_PROFILE: 'keycloak' });
    const page = await new Browser().open(`${base}/lab/cards/same-token`);
    expect([page.status, page.body]).toEqual([403, expect.stringContaining('TOKEN_PROFILE')]);
    expect((await new Browser().open(`${base}/lab/failures`)).status).toBe(200);
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another app on the same host', { origin: 'http://localhost:1' }],
    ['an opaque origin', { origin: 'null' }],
    ['another site, by fetch metadata', { 'sec-fetch-site': 'cross-site' }],
    ['the same site but another origin, by fetch metadata', { 'sec-fetch-site': 'same-site' }],
  ])('is refused when %s asks for it', async (_case, headers) => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    const answer = await browser.submit(`${base}/logout`, headers);
    expect(answer.status).toBe(403);
    expect((await browser.request(`${base}/`)).body).toContain("Hello 'baeldung");
  });

  it.each([
    ['no token', {}],
    ['the token of another session', { csrf: 'x'.repeat(32) }],
    ['a token that is none', { csrf: '' }],
  ])('is refused with %s', async (_case, more) => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    const body = new URLSearchParams(more);
    const answer = await browser.request(`${base}/logout`, { method: 'POST', headers: { origin: base }, body });
    expect(answer.status).toBe(403);
    expect((await browser.request(`${base}/`)).body).toContain("Hello 'baeldung");
  });

  it('is no matter of a link', async () => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    expect((await browser.request(`${base}/logout`)).status).toBe(404);
  });

  it('ends at a page that does not sign in again by itself', async () => {
    const page = await new Browser().request(`${base}/?state=signed-out`);
    expect([page.status, page.body.includes('You are signed out')]).toEqual([200, true]);
  });
});

describe('a failure behind the page', () => {
  it.each<[string, Answering, number]>([
    ['user-service fails', () => ({ status: 502, body: { detail: 'secret detail' } }), 502],
    ['user-service answers something else', () => ({ body: { hello: 'world' } }), 502],
    ['user-service redirects', () => ({ status: 302, headers: { location: 'https://evil.example' } }), 502],
    ['user-service refuses a token that was issued just now', () => ({ status: 401 }), 502],
    ['the user may not', () => ({ status: 403 }), 403],
  ])('is a plain page with a reference when %s', async (_case, answering, status) => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    userService.answering = answering;
    const page = await browser.request(`${base}/api/user/message`);
    expect(page.status).toBe(status);
    expect(page.body).not.toMatch(/secret detail|node_modules|at .*\.[jt]s:/);
    const reference = /Reference: <code>([0-9a-f]{32})<\/code>/.exec(page.body)?.[1];
    expect(lines.filter((line) => line.includes(`"traceId":"${reference}"`))).not.toHaveLength(0);
    expect(lines.join()).not.toMatch(/eyJ[\w-]+\./);
  });

  it('is a page too when user-service is not there, and the trace goes on to it when it is', async () => {
    const browser = new Browser();
    await browser.open(`${base}/api/user/message`);
    expect(userService.requests[0]?.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const { port } = userService;
    await userService.close();
    expect((await browser.request(`${base}/api/user/message`)).status).toBe(502);
    userService = await startTestServer(answerMessage, { port });
    expect((await browser.request(`${base}/api/user/message`)).status).toBe(200);
  });

  it('is a page for an address that does not exist', async () => {
    expect((await new Browser().request(`${base}/nothing`)).status).toBe(404);
  });
});

describe('orders at another company', () => {
  let partner: TestServer;
  let orderService: TestServer;
  const refuse = (body: object) => () => ({ status: 400, body });

  beforeEach(async () => {
    partner = await startTestServer(({ path }) =>
      path.startsWith('/.well-known/')
        ? { body: { issuer: partner.url, token_endpoint: `${partner.url}/token` } }
        : { body: { access_token: 'of-the-partner', token_type: 'Bearer', expires_in: 300 } },
    );
    orderService = await startTestServer(() => ({
      body: { user: 'b.<i>aeldung', orders: [{ number: '1', item: 'a <b>book</b>' }], askedBy: ['here', 'there'] },
    }));
    await app?.close(0);
    await startClientApp({ PARTNER_ISSUER: partner.url, ORDER_SERVICE_URL: orderService.url });
    provider.exchanging = ({ audience }) => {
      const claims = Buffer.from(JSON.stringify({ aud: audience })).toString('base64url');
      const grant = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${claims}.c2ln`;
      return { status: 200, body: { access_token: grant, issued_token_type: TokenType.IdJag, token_type: 'N_A' } };
    };
  });
  afterEach(() => Promise.all([partner.close(), orderService.close()]));

  it('are fetched by the ID token of the login, and no token of this domain goes there', async () => {
    const page = await new Browser().open(`${base}/orders`);
    expect([page.status, page.url]).toEqual([200, `${base}/orders`]);
    expect(page.body).toContain('a &lt;b>book&lt;/b>');
    expect(page.body).toContain('b.&lt;i>aeldung');
    const [asked] = provider.exchanges;
    expect(asked).toMatchObject({
      subject_token_type: TokenType.IdToken,
      requested_token_type: TokenType.IdJag,
      audience: partner.url,
      resource: 'http://localhost:8092',
      scope: 'order.read',
    });
    expect(decodeJwt(asked!['subject_token']!)).toMatchObject({ aud: 'client-app', sub: 'baeldung' });
    expect(orderService.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer of-the-partner']);
    const sent = JSON.stringify(
      [...partner.requests, ...orderService.requests].map(({ headers, body }) => [headers, body]),
    );
    expect(sent).not.toContain(asked!['subject_token']);
  });

  it('need a fresh ID token, which a refresh brings, once for all requests', async () => {
    provider.firstIdTokenLifetime = 5;
    const browser = new Browser();
    await browser.open(`${base}/login`);
    const pages = await Promise.all(Array.from({ length: 4 }, () => browser.request(`${base}/orders`)));
    expect(pages.map(({ status }) => status)).toEqual(Array(4).fill(200));
    expect(provider.refreshes).toBe(1);
    const ends = provider.exchanges.map((asked) => decodeJwt(asked['subject_token']!).exp! - Date.now() / 1000);
    expect(ends.every((left) => left > 60)).toBe(true);
  });

  it.each<[string, object, string]>([
    ['an administrator says no', { error: 'invalid_target' }, 'An administrator has not allowed this application'],
    ['this app is set up wrongly', { error: 'invalid_client' }, 'does not answer as expected'],
  ])('are not shown where %s', async (_case, body, text) => {
    provider.exchanging = refuse(body);
    const page = await new Browser().open(`${base}/orders`);
    expect(page.body).toContain(text);
    expect(page.status).toBe('error' in body && body.error === 'invalid_target' ? 403 : 502);
    expect([partner.requests, orderService.requests]).toEqual([[], []]);
  });

  it.each<[Answering, number, string]>([
    [() => ({ status: 400, body: { error: 'invalid_grant' } }), 403, 'does not know you'],
    [() => ({ status: 503 }), 502, 'does not answer as expected'],
  ])('are not shown where the company refuses or is away (%#)', async (answering, status, text) => {
    const usual = partner.answering;
    partner.answering = (request) => (request.path.startsWith('/.well-known/') ? usual(request) : answering(request));
    const page = await new Browser().open(`${base}/orders`);
    expect([page.status, page.body.includes(text)]).toEqual([status, true]);
  });

  it('lead to a login that is fresh or strong enough where that is asked for, and one is enough', async () => {
    const browser = new Browser();
    await browser.open(`${base}/login`);
    provider.exchanging = refuse({ error: 'insufficient_user_authentication', max_age: 60, acr_values: 'gold' });
    const { location = '' } = await browser.request(`${base}/orders`);
    const asked = new URL(location).searchParams;
    expect([asked.get('max_age'), asked.get('acr_values')]).toEqual(['60', 'gold']);
    const page = await browser.open(location);
    expect([page.url, page.status, page.body.includes('not strong enough')]).toEqual([`${base}/orders`, 403, true]);
  });

  it('are no page where the authorization server reaches no other domain', async () => {
    provider.issuesIdJags = false;
    await app?.close(0);
    await startClientApp();
    const browser = new Browser();
    await browser.open(`${base}/login`);
    expect((await browser.request(`${base}/orders`)).status).toBe(404);
  });
});

describe('without an authorization server', () => {
  it('starts, is not ready, says so on a page, and recovers by itself', async () => {
    await app?.close(0);
    await provider.stop();
    await startClientApp();
    const browser = new Browser();
    expect((await browser.request(`${base}/health/live`)).status).toBe(200);
    expect((await browser.request(`${base}/health/ready`)).status).toBe(503);
    const page = await browser.request(`${base}/login`);
    expect([page.status, page.body.includes('The authorization server does not answer')]).toEqual([503, true]);
    await provider.restart();
    await until(async () => (await browser.request(`${base}/health/ready`)).status === 200);
    expect((await browser.open(`${base}/login`)).body).toContain("Hello 'baeldung (client-app)'");
  });
});

describe('pages', () => {
  it('run no script but their own, take no frame, and post forms only here and at the authorization server', async () => {
    const browser = new Browser();
    const page = await browser.open(`${base}/login`);
    expect(page.headers.get('content-security-policy')).toBe(
      `default-src 'none';style-src 'self';script-src 'self';img-src 'self';form-action 'self' ${provider.issuer};` +
        "base-uri 'none';frame-ancestors 'none'",
    );
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.body).not.toMatch(/<script|<style| style=| on\w+=/);
    const stylesheet = await browser.request(`${base}/assets/client-app.css`);
    expect([stylesheet.status, stylesheet.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
  });
});

async function until(condition: () => Promise<boolean>, within = 5_000): Promise<void> {
  const end = Date.now() + within;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('It did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
