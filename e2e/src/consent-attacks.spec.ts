import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import { basic, postForm } from '@onbehalf/testing-internal';
import { InProcessServer, makeShared, type Shared } from './in-process-server.js';
import { hashOf } from './password-hash.js';
import { RelyingParty, type Stop } from './relying-party.js';

const PASSWORD = randomBytes(9).toString('base64url');
const SECRET = randomBytes(9).toString('base64url');
const CALLBACK = 'https://client.example/callback';
const SIGNED_OUT = 'https://client.example/signed-out';
const HOSTILE = '"><script>alert(1)</script>';
const WRITE = "notes.write'<img";

const client = (clientId: string, more: object = {}) => ({
  clientId,
  secret: SECRET,
  grantTypes: ['authorization_code', 'refresh_token'],
  redirectUris: [CALLBACK],
  postLogoutRedirectUris: [SIGNED_OUT],
  scopes: ['openid', 'offline_access', 'notes.read', 'notes.write', WRITE],
  defaultResource: 'notes',
  consent: 'remember',
  ...more,
});
const CONFIG = {
  resources: [
    { audience: 'notes', scopes: ['notes.read', 'notes.write', WRITE] },
    { audience: 'auth-server', scopes: ['registrations.read', 'registrations.write'] },
  ],
  clients: [
    client('partner'),
    client('other'),
    client(HOSTILE),
    {
      clientId: 'operator',
      secret: SECRET,
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['registrations.read', 'registrations.write'],
      defaultResource: 'auth-server',
    },
  ],
  users: ['ada', 'eve'].map((username) => ({ username, passwordHash: hashOf(PASSWORD) })),
};
const NARROW = { scope: 'openid notes.read' };
const WIDE = { scope: 'openid notes.read notes.write' };

describe('consent and its pages under attack', () => {
  let shared: Shared;
  let server: InProcessServer;
  let ada: RelyingParty;
  let eve: RelyingParty;

  const party = (username: string, clientId = 'partner', agent?: RelyingParty['agent']) =>
    new RelyingParty(
      { issuer: server.issuer, clientId, secret: SECRET, redirectUri: CALLBACK, username, password: PASSWORD },
      agent,
    );

  beforeAll(async () => {
    shared = await makeShared();
    server = await InProcessServer.start(CONFIG, shared);
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    await shared.store.close();
  });

  beforeEach(async () => {
    for (const user of ['ada', 'eve'])
      for (const { clientId } of CONFIG.clients) await shared.store.consents.withdraw(user, clientId, { type: 'test' });
    [ada, eve] = [party('ada'), party('eve')];
  });

  /** As far as the consent page. */
  async function asked(visitor: RelyingParty, parameters: Record<string, string> = NARROW): Promise<Stop> {
    let stop = await visitor.ask(parameters);
    if (stop.page.url.includes('/login/')) stop = await visitor.signIn(stop);
    expect(new URL(stop.page.url).pathname).toMatch(/^\/consent\//);
    return stop;
  }
  const consents = (of: RelyingParty) => of.agent.get(`${server.issuer}/account/consents`);
  const formToken = async (of: RelyingParty): Promise<string> =>
    /name="form_token" value="([^"]*)"/.exec(await (await consents(of)).text())?.[1] ?? '';
  const withdraw = (of: RelyingParty, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    of.agent.submit(`${server.issuer}/account/consents`, fields, headers);
  const allow = { decision: 'allow' };

  it("another user does not answer, or see, somebody's question, in whatever session", async () => {
    const { page } = await asked(ada);
    for (const stranger of [eve, party('eve', 'other')]) {
      if (stranger !== eve) await stranger.logIn(NARROW);
      expect((await stranger.agent.get(page.url)).status).toBe(400);
      expect((await stranger.agent.submit(page.url, allow)).status).toBe(400);
    }
    expect((await ada.submit({ page }, allow)).answer?.has('code')).toBe(true);
  });

  it('an answer counts once', async () => {
    const stop = await asked(ada);
    expect((await ada.submit(stop, allow)).answer?.has('code')).toBe(true);
    const again = await ada.submit(stop, allow);
    expect([again.page.status, again.answer]).toEqual([400, undefined]);
    // nor does one that was denied turn into a yes
    const second = await asked(ada, WIDE);
    await ada.submit(second, { decision: 'deny' });
    expect((await ada.submit(second, allow)).answer).toBeUndefined();
  });

  it('scopes of a form, or of its address, widen nothing that the page did not tell', async () => {
    const { page } = await asked(ada);
    const sent = { ...allow, scope: 'openid notes.read notes.write', client_id: 'other', 'scopes[]': 'notes.write' };
    const widened = { ...page, url: `${page.url}?scope=openid+notes.write` } as Response;
    const { answer = new URLSearchParams() } = await ada.submit({ page: widened }, sent);
    expect((await ada.redeem(answer)).body['scope']).toBe('openid notes.read');
    expect((await ada.ask({ ...WIDE, prompt: 'none' })).answer?.get('error')).toBe('consent_required');
    expect((await party('ada', 'other', ada.agent).ask({ ...NARROW, prompt: 'none' })).answer?.get('error')).toBe(
      'consent_required',
    );
  });

  it('a wider request in another tab is asked for itself', async () => {
    const narrow = await asked(ada);
    const wide = await asked(ada, WIDE);
    await ada.submit(narrow, allow);
    expect((await ada.ask({ ...WIDE, prompt: 'none' })).answer?.get('error')).toBe('consent_required');
    expect(wide.page.url).not.toBe(narrow.page.url);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another application of the site', { 'sec-fetch-site': 'same-site' }],
  ])('a form of %s says yes to nothing', async (_, headers) => {
    const { page } = await asked(ada);
    expect((await ada.agent.submit(page.url, allow, headers)).status).toBe(403);
    expect((await ada.ask({ ...NARROW, prompt: 'none' })).answer?.get('error')).toBe('consent_required');
  });

  it.each(['Allow', 'ALLOW', 'yes', 'true', '', 'allow '])('%j is no yes', async (decision) => {
    const { answer } = await ada.submit(await asked(ada), { decision });
    expect([answer?.get('error'), answer?.has('code')]).toEqual(['access_denied', false]);
  });

  it('nor are two answers at once', async () => {
    const { page } = await asked(ada);
    const headers = { cookie: ada.agent.cookies(page.url), 'content-type': 'application/x-www-form-urlencoded' };
    const init = { method: 'POST', headers, body: 'decision=deny&decision=allow', redirect: 'manual' } as const;
    await ada.agent.follow(await fetch(page.url, init), CALLBACK);
    expect((await ada.ask({ ...NARROW, prompt: 'none' })).answer?.has('code')).toBe(false);
  });

  it('a withdrawal is of the session of its form alone, and of the account of the session', async () => {
    await ada.logIn(NARROW);
    await eve.logIn(NARROW);
    const [own, others] = [await formToken(ada), await formToken(eve)];
    expect(own).not.toBe(others);
    for (const forged of [others, '', `${own}A`, own.slice(1), Buffer.alloc(32).toString('base64url')])
      expect((await withdraw(ada, { client_id: 'partner', form_token: forged })).status).toBe(403);
    const fields = { client_id: 'partner', form_token: others, subject: 'ada', user: 'ada', username: 'ada' };
    expect((await withdraw(eve, fields)).status).toBe(303);
    expect((await ada.ask({ ...NARROW, prompt: 'none' })).answer?.has('code')).toBe(true);
    expect((await eve.ask({ ...NARROW, prompt: 'none' })).answer?.get('error')).toBe('consent_required');
  });

  it('a form token of a session that has ended is of no use in the next', async () => {
    await ada.logIn(NARROW);
    const before = await formToken(ada);
    const next = party('ada');
    await next.logIn(NARROW);
    expect((await withdraw(next, { client_id: 'partner', form_token: before })).status).toBe(403);
    const signIn = await ada.ask({ ...NARROW, prompt: 'login' });
    await ada.signIn(signIn);
    expect((await withdraw(next, { client_id: 'partner', form_token: before })).status).toBe(403);
  });

  it('names and scopes are text on every page, in every place', async () => {
    const hostile = party('ada', HOSTILE);
    const stop = await asked(hostile, { scope: 'openid notes.read' });
    const page = await stop.page.clone().text();
    await hostile.submit(stop, allow);
    const listed = await (await consents(hostile)).text();
    const gone = await (
      await hostile.agent.get(`${server.issuer}/account/consents?withdrawn=${encodeURIComponent(HOSTILE)}`)
    ).text();
    for (const html of [page, listed, gone]) {
      expect(html).toContain('&lt;script>');
      expect(html).not.toContain('<script>alert');
    }
    const unknown = await hostile.agent.get(`${server.issuer}/account/consents?withdrawn=%3Cb%3Enobody`);
    expect(await unknown.text()).not.toContain('nobody');
  });

  it('no page is framed, cached, or lets in what is not its own', async () => {
    const { page } = await asked(ada);
    await ada.submit({ page }, allow);
    for (const each of [page, await consents(ada), await ada.agent.get(`${server.issuer}/connect/logout`)]) {
      const policy = each.headers.get('content-security-policy');
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain('unsafe');
      expect(each.headers.get('cache-control')).toContain('no-store');
    }
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    `${SIGNED_OUT}.evil.example`,
    `${SIGNED_OUT}/../../evil`,
    `https://client.example@evil.example/signed-out`,
    'javascript:alert(1)',
    `${SIGNED_OUT}#a`,
    `${SIGNED_OUT}\\@evil.example`,
  ])('a logout leads nowhere but to the registered address: %s', async (uri) => {
    await ada.logIn(NARROW);
    for (const named of [{ client_id: 'partner' }, {}] as Record<string, string>[]) {
      const query = new URLSearchParams({ ...named, post_logout_redirect_uri: uri });
      const page = await ada.agent.follow(await ada.agent.get(`${server.issuer}/connect/logout?${query.toString()}`));
      const html = await page.text();
      const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/.exec(html) ?? [];
      const confirm = `${server.issuer}/connect/logout/confirm`;
      const sent = xsrf ? await ada.agent.submit(confirm, { xsrf, logout: 'yes' }) : page;
      for (const text of [html, xsrf ? await sent.text() : '', sent.headers.get('location') ?? '']) {
        expect(text).not.toContain('evil');
        expect(text).not.toContain('javascript:');
      }
    }
  });

  describe('through the registrations', () => {
    let authorization: string;

    beforeAll(async () => {
      const fields = { grant_type: GrantType.ClientCredentials, scope: 'registrations.read registrations.write' };
      const credentials = { authorization: basic('operator', SECRET) };
      const { body } = await postForm(`${server.issuer}/oauth2/token`, fields, credentials);
      authorization = `Bearer ${String(body['access_token'])}`;
    });

    const admin = (path: string, init: RequestInit = {}, headers: Record<string, string> = {}) =>
      fetch(`${server.issuer}/admin/${path}`, { ...init, headers: { authorization, ...headers } });
    const put = (path: string, document: object, condition: Record<string, string>) =>
      admin(
        path,
        { method: 'PUT', body: JSON.stringify(document) },
        { 'content-type': 'application/json', ...condition },
      );
    const etag = async (path: string): Promise<Record<string, string>> => ({
      'if-match': (await admin(path)).headers.get('etag') ?? '',
    });
    const { grantTypes, redirectUris, scopes, defaultResource } = client('late');
    const document = { grantTypes, redirectUris, scopes, defaultResource };

    it('a client that is registered at run time is asked for, and cannot say skip', async () => {
      const skipped = await put('clients/late', { ...document, consent: 'skip' }, { 'if-none-match': '*' });
      expect(skipped.status).toBe(400);
      const made = await put('clients/late', document, { 'if-none-match': '*' });
      const { clientSecret } = (await made.json()) as { clientSecret: string };
      const late = new RelyingParty({ ...party('ada').party, clientId: 'late', secret: clientSecret });
      await late.submit(await asked(late), allow);
      expect((await late.ask(NARROW)).answer?.has('code')).toBe(true);
      const changed = await put('clients/late', { ...document, consent: 'skip' }, await etag('clients/late'));
      expect(changed.status).toBe(400);
      // deleted and made again, it is another client
      expect((await admin('clients/late', { method: 'DELETE' }, await etag('clients/late'))).status).toBe(204);
      await put('clients/late', document, { 'if-none-match': '*' });
      await asked(late);
      expect(await (await consents(late)).text()).not.toContain('<h2>late</h2>');
    });

    it('consent ends with a user who is disabled, and stays ended', async () => {
      const path = 'users/ada';
      await ada.logIn(NARROW);
      const read = (await (await admin(path)).json()) as Record<string, unknown>;
      for (const name of ['id', 'origin', 'signedOutAt', 'secrets', 'version', 'file']) delete read[name];
      const change = async (enabled: boolean) => (await put(path, { ...read, enabled }, await etag(path))).ok;
      expect(await change(false)).toBe(true);
      expect(await change(true)).toBe(true);
      await asked(party('ada'));
    });
  });
});
