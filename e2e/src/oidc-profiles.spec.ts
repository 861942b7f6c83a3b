import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { basic, postForm, toAnswer } from '@onbehalf/testing-internal';
import { NOT_FAKED } from './fake-time-of-day.js';
import { InProcessServer, makeShared, type Shared } from './in-process-server.js';
import { hashOf } from './password-hash.js';
import { RelyingParty, type Stop } from './relying-party.js';

const PASSWORD = randomBytes(9).toString('base64url');
const SECRET = randomBytes(9).toString('base64url');
const CALLBACK = 'https://client.example/callback';
const SIGNED_OUT = 'https://client.example/signed-out';

const client = (clientId: string, more: object = {}) => ({
  clientId,
  secret: SECRET,
  grantTypes: ['authorization_code', 'refresh_token'],
  redirectUris: [CALLBACK],
  postLogoutRedirectUris: [SIGNED_OUT],
  scopes: ['openid', 'profile', 'email', 'offline_access', 'notes.read'],
  defaultResource: 'notes',
  ...more,
});
const CONFIG = {
  resources: [{ audience: 'notes', scopes: ['notes.read'] }],
  clients: [client('suite'), client('other')],
  users: [
    {
      username: 'ada',
      passwordHash: hashOf(PASSWORD),
      name: 'Ada Lovelace',
      givenName: 'Ada',
      familyName: 'Lovelace',
      email: 'ada@example.com',
    },
  ],
};
const NAMES = { name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace', preferred_username: 'ada' };

let shared: Shared;
let server: InProcessServer;
let suite: RelyingParty;

const party = (clientId = 'suite') => ({
  issuer: server.issuer,
  clientId,
  secret: SECRET,
  redirectUri: CALLBACK,
  username: 'ada',
  password: PASSWORD,
});
const isLogin = ({ page }: Stop): boolean => page.url.includes('/login/');
const claims = (tokens: Record<string, unknown>) => decodeJwt(String(tokens['id_token']));
const later = (seconds: number) => jest.setSystemTime(Date.now() + seconds * 1000);

beforeAll(async () => {
  jest.useFakeTimers({ now: Date.now(), doNotFake: [...NOT_FAKED] });
  shared = await makeShared();
  server = await InProcessServer.start(CONFIG, shared);
}, 60_000);

afterAll(async () => {
  await server.stop();
  await shared.store.close();
  jest.useRealTimers();
});

beforeEach(() => {
  suite = new RelyingParty(party());
});

/** The modules of OpenID's conformance suite for the basic profile, as far as they ask something of these endpoints. */
const BASIC: Readonly<Record<string, () => Promise<void>>> = {
  'oidcc-server': async () => {
    const answer = await suite.logIn();
    expect([answer.get('state'), answer.get('iss')]).toEqual([suite.state, server.issuer]);
    const { body } = await suite.redeem(answer);
    const { sub, nonce, aud, iss } = claims(body);
    expect([sub, nonce, aud, iss]).toEqual(['ada', suite.nonce, 'suite', server.issuer]);
    expect([body['token_type'], typeof body['expires_in']]).toEqual(['Bearer', 'number']);
  },
  'oidcc-response-type-missing': async () => {
    const { answer } = await suite.ask({ response_type: undefined });
    expect([answer?.get('error'), answer?.get('state')]).toEqual(['invalid_request', suite.state]);
  },
  'oidcc-idtoken-signature': async () => {
    const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth2/jwks`));
    const token = String((await suite.tokens())['id_token']);
    const { protectedHeader } = await jwtVerify(token, keys, { currentDate: new Date() });
    expect(protectedHeader.kid).toEqual(expect.any(String));
  },
  'oidcc-userinfo-get': async () => {
    const { status, body } = await suite.userinfo((await suite.tokens())['access_token']);
    expect([status, body]).toEqual([200, { sub: 'ada' }]);
  },
  'oidcc-userinfo-post-header': async () => {
    const authorization = `Bearer ${String((await suite.tokens())['access_token'])}`;
    const { status, body } = await postForm(`${server.issuer}/userinfo`, {}, { authorization });
    expect([status, body]).toEqual([200, { sub: 'ada' }]);
  },
  'oidcc-userinfo-post-body': async () => {
    const access_token = String((await suite.tokens())['access_token']);
    const { status, body } = await postForm(`${server.issuer}/userinfo`, { access_token });
    expect([status, body]).toEqual([200, { sub: 'ada' }]);
  },
  'oidcc-ensure-request-without-nonce-succeeds-for-code-flow': async () => {
    expect(claims(await suite.tokens({ nonce: undefined }))).not.toHaveProperty('nonce');
  },
  'oidcc-scope-profile': async () => {
    const { body } = await suite.userinfo((await suite.tokens({ scope: 'openid profile' }))['access_token']);
    expect(body).toEqual({ sub: 'ada', ...NAMES });
  },
  'oidcc-scope-email': async () => {
    const { body } = await suite.userinfo((await suite.tokens({ scope: 'openid email' }))['access_token']);
    expect(body).toEqual({ sub: 'ada', email: 'ada@example.com' });
  },
  // what the server does not have is left out, and the login goes on
  'oidcc-scope-address': async () => {
    const { body } = await suite.userinfo((await suite.tokens({ scope: 'openid address' }))['access_token']);
    expect(body).toEqual({ sub: 'ada' });
  },
  'oidcc-scope-phone': async () => {
    const { body } = await suite.userinfo((await suite.tokens({ scope: 'openid phone' }))['access_token']);
    expect(body).toEqual({ sub: 'ada' });
  },
  'oidcc-scope-all': async () => {
    const { access_token: token } = await suite.tokens({ scope: 'openid profile email address phone' });
    expect((await suite.userinfo(token)).body).toEqual({ sub: 'ada', ...NAMES, email: 'ada@example.com' });
  },
  'oidcc-ensure-other-scope-order-succeeds': async () => {
    const { body } = await suite.userinfo((await suite.tokens({ scope: 'email openid' }))['access_token']);
    expect(body).toEqual({ sub: 'ada', email: 'ada@example.com' });
  },
  'oidcc-display-page': async () => expect(claims(await suite.tokens({ display: 'page' })).sub).toBe('ada'),
  'oidcc-display-popup': async () => expect(claims(await suite.tokens({ display: 'popup' })).sub).toBe('ada'),
  'oidcc-prompt-login': async () => {
    const first = claims(await suite.tokens({ max_age: '10000' }));
    later(2);
    const stop = await suite.ask({ prompt: 'login', max_age: '10000' });
    expect(isLogin(stop)).toBe(true);
    const { answer = new URLSearchParams() } = await suite.signIn(stop);
    const second = claims((await suite.redeem(answer)).body);
    expect(Number(second['auth_time'])).toBeGreaterThan(Number(first['auth_time']));
  },
  'oidcc-prompt-none-not-logged-in': async () => {
    const { answer } = await suite.ask({ prompt: 'none' });
    expect([answer?.get('error'), answer?.get('state')]).toEqual(['login_required', suite.state]);
  },
  'oidcc-prompt-none-logged-in': async () => {
    const first = claims(await suite.tokens({ max_age: '10000' }));
    later(2);
    const { answer = new URLSearchParams() } = await suite.ask({ prompt: 'none', max_age: '10000' });
    const second = claims((await suite.redeem(answer)).body);
    expect([second.sub, second['auth_time']]).toEqual([first.sub, first['auth_time']]);
  },
  'oidcc-max-age-1': async () => {
    const first = claims(await suite.tokens({ max_age: '10000' }));
    later(2);
    const stop = await suite.ask({ max_age: '1' });
    expect(isLogin(stop)).toBe(true);
    const { answer = new URLSearchParams() } = await suite.signIn(stop);
    const second = claims((await suite.redeem(answer)).body);
    expect(Number(second['auth_time'])).toBeGreaterThan(Number(first['auth_time']));
  },
  'oidcc-max-age-10000': async () => {
    const first = claims(await suite.tokens({ max_age: '10000' }));
    later(2);
    const { answer = new URLSearchParams() } = await suite.ask({ max_age: '10000' });
    const second = claims((await suite.redeem(answer)).body);
    expect([second.sub, second['auth_time']]).toEqual(['ada', first['auth_time']]);
  },
  'oidcc-ensure-request-with-unknown-parameter-succeeds': async () => {
    expect(claims(await suite.tokens({ extra: 'foobar' })).sub).toBe('ada');
  },
  'oidcc-id-token-hint': async () => {
    const { id_token: hint } = await suite.tokens();
    const { answer = new URLSearchParams() } = await suite.ask({ prompt: 'none', id_token_hint: String(hint) });
    expect(claims((await suite.redeem(answer)).body).sub).toBe('ada');
  },
  'oidcc-login-hint': async () => {
    const stop = await suite.ask({ login_hint: 'ada' });
    expect(await stop.page.clone().text()).toMatch(/<input[^>]*name="username"[^>]*value="ada"/);
    expect((await suite.signIn(stop)).answer?.has('code')).toBe(true);
  },
  'oidcc-ui-locales': async () => {
    const stop = await suite.ask({ ui_locales: 'xx de' });
    expect(await stop.page.clone().text()).toContain('<html lang="de"');
    expect((await suite.signIn(stop)).answer?.has('code')).toBe(true);
  },
  'oidcc-claims-locales': async () => expect(claims(await suite.tokens({ claims_locales: 'se' })).sub).toBe('ada'),
  'oidcc-ensure-request-with-acr-values-succeeds': async () => {
    expect(claims(await suite.tokens({ acr_values: '1 2' })).sub).toBe('ada');
  },
  'oidcc-codereuse': async () => {
    const answer = await suite.logIn();
    expect((await suite.redeem(answer)).status).toBe(200);
    const { status, body } = await suite.redeem(answer);
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  },
  'oidcc-codereuse-30seconds': async () => {
    const answer = await suite.logIn();
    const { body: tokens } = await suite.redeem(answer);
    later(30);
    expect((await suite.redeem(answer)).body['error']).toBe('invalid_grant');
    // RFC 6749 §4.1.2: what was issued for the code ends
    expect((await suite.userinfo(tokens['access_token'])).status).toBe(401);
  },
  'oidcc-ensure-redirect-uri-in-authorization-request': async () => {
    const { page, answer } = await suite.ask({ redirect_uri: undefined });
    expect([page.status, answer]).toEqual([400, undefined]);
  },
  'oidcc-ensure-registered-redirect-uri': async () => {
    for (const redirect_uri of [`${CALLBACK}/more`, 'https://evil.example/callback', `${CALLBACK}?a=b`]) {
      const { page, answer } = await suite.ask({ redirect_uri });
      expect([page.status, answer]).toEqual([400, undefined]);
    }
  },
  'oidcc-ensure-post-request-succeeds': async () => {
    const { answer = new URLSearchParams() } = await suite.signIn(await suite.post());
    expect(claims((await suite.redeem(answer)).body).sub).toBe('ada');
  },
  'oidcc-server-client-secret-post': async () => {
    const fields = { client_id: 'suite', client_secret: SECRET, code_verifier: suite.verifier, redirect_uri: CALLBACK };
    const code = (await suite.logIn()).get('code') ?? '';
    const answer = await postForm(`${server.issuer}/oauth2/token`, {
      grant_type: 'authorization_code',
      code,
      ...fields,
    });
    expect(claims(answer.body).sub).toBe('ada');
  },
  'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported': async () => {
    const { answer } = await suite.ask({ request_uri: 'https://client.example/request.jwt' });
    expect([answer?.get('error'), answer?.get('state')]).toEqual(['request_uri_not_supported', suite.state]);
  },
  'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported': async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const request = `${part({ alg: 'none' })}.${part({ client_id: 'suite', scope: 'openid offline_access' })}.`;
    const { answer } = await suite.ask({ request });
    expect([answer?.get('error'), answer?.get('state')]).toEqual(['request_not_supported', suite.state]);
    const pushed = { request, client_id: 'suite', response_type: 'code', redirect_uri: CALLBACK };
    const authorization = basic('suite', SECRET);
    const { status, body } = await postForm(`${server.issuer}/oauth2/par`, pushed, { authorization });
    expect([status, body['error']]).toEqual([400, 'request_not_supported']);
  },
  'oidcc-claims-essential': async () => {
    const asked = JSON.stringify({ userinfo: { name: { essential: true } } });
    // claims_parameter_supported is false: it is ignored
    const { access_token: token } = await suite.tokens({ claims: asked });
    expect((await suite.userinfo(token)).body['sub']).toBe('ada');
  },
  'oidcc-ensure-request-object-with-redirect-uri': async () => {
    const { answer } = await suite.ask({ request: 'e30.e30.', redirect_uri: 'https://evil.example/callback' });
    expect(answer).toBeUndefined();
  },
  'oidcc-refresh-token': async () => {
    const first = await suite.tokens({ scope: 'openid offline_access' });
    const refresh_token = String(first['refresh_token']);
    const fields = { grant_type: 'refresh_token', refresh_token };
    const refreshed = await postForm(`${server.issuer}/oauth2/token`, fields, {
      authorization: basic('suite', SECRET),
    });
    expect(refreshed.status).toBe(200);
    const other = { authorization: basic('other', SECRET) };
    const stolen = { ...fields, refresh_token: String(refreshed.body['refresh_token']) };
    expect((await postForm(`${server.issuer}/oauth2/token`, stolen, other)).body['error']).toBe('invalid_grant');
  },
  'oidcc-discovery-endpoint-verification': async () => {
    const { body } = await toAnswer(await fetch(`${server.issuer}/.well-known/openid-configuration`));
    expect(body).toMatchObject({
      issuer: server.issuer,
      response_types_supported: ['code'],
      claims_parameter_supported: false,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
      end_session_endpoint: `${server.issuer}/connect/logout`,
      userinfo_endpoint: `${server.issuer}/userinfo`,
    });
  },
};

it.each(Object.entries(BASIC))('basic profile: %s', (_, check) => check());

describe('RP-initiated logout profile', () => {
  let hint: string;

  beforeEach(async () => {
    hint = String((await suite.tokens())['id_token']);
  });

  /** Goes to the logout and answers the question; where it ends. */
  async function signOut(fields: Readonly<Record<string, string>>): Promise<{ status: number; to: string | null }> {
    const query = new URLSearchParams(fields);
    const page = await suite.agent.get(`${server.issuer}/connect/logout?${query.toString()}`);
    const text = await page.text();
    if (page.status !== 200) return { status: page.status, to: null };
    const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/.exec(text) ?? [];
    const [, action = ''] = / action="([^"]*)"/.exec(text) ?? [];
    const sent = await suite.agent.submit(new URL(action, page.url).href, { xsrf, logout: 'yes' });
    const { url, headers, status } = await suite.agent.follow(sent, 'https://client.example/');
    const next = headers.get('location') ?? (await leadsTo(sent));
    return { status, to: next?.startsWith('https://client.example/') ? next : new URL(url).pathname };
  }

  const leadsTo = async (page: Response): Promise<string | undefined> => {
    const [, address] = /<meta http-equiv="refresh" content="0;url=([^"]*)"/.exec(await page.clone().text()) ?? [];
    return address?.replaceAll('&amp;', '&');
  };
  const isSignedIn = async (): Promise<boolean> => (await suite.ask({ prompt: 'none' })).answer?.has('code') ?? false;

  const REFUSED = { ended: false, status: 400, to: null };
  const back = (to: string) => ({ ended: true, status: 200, to });
  const STAYS = back('/connect/logout/success');
  const uri = { post_logout_redirect_uri: SIGNED_OUT };
  const forged = (token: string) => `${token.slice(0, -6)}${token.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'}`;

  it.each<[string, (hint: string) => Record<string, string>, object]>([
    ['', (id_token_hint) => ({ id_token_hint, ...uri, state: 'xyz' }), back(`${SIGNED_OUT}?state=xyz`)],
    ['-no-state', (id_token_hint) => ({ id_token_hint, ...uri }), back(SIGNED_OUT)],
    ['-no-params', () => ({}), STAYS],
    ['-only-state', () => ({ state: 'xyz' }), STAYS],
    ['-no-post-logout-redirect-uri', (id_token_hint) => ({ id_token_hint, state: 'xyz' }), STAYS],
    ['-no-id-token-hint', () => ({ ...uri, state: 'xyz' }), STAYS],
    ['-bad-logout-hint', () => ({ logout_hint: 'nobody', client_id: 'suite' }), STAYS],
    ['-bad-id-token-hint', () => ({ id_token_hint: 'no.token.atall', ...uri }), REFUSED],
    ['-modified-id-token-hint', (id) => ({ id_token_hint: forged(id), ...uri }), REFUSED],
    [
      '-bad-post-logout-redirect-uri',
      (id_token_hint) => ({ id_token_hint, post_logout_redirect_uri: 'https://evil.example/' }),
      REFUSED,
    ],
    [
      '-query-added-to-post-logout-redirect-uri',
      (id_token_hint) => ({ id_token_hint, post_logout_redirect_uri: `${SIGNED_OUT}?a=b` }),
      REFUSED,
    ],
  ])('oidcc-rp-initiated-logout%s', async (_, fields, expected) => {
    const { status, to } = await signOut(fields(hint));
    expect({ ended: !(await isSignedIn()), status, to }).toEqual(expected);
  });

  it.each<[string, () => Promise<Response>]>([
    ['after the question', () => confirm('ui_locales=de')],
    ['after the question by POST', () => confirm('', { ui_locales: 'de' })],
    ['asked by the client itself', () => leave(`ui_locales=de&client_id=suite&logout_hint=${sid()}`)],
  ])('ui_locales: the page at the end speaks the language, %s', async (_, end) => {
    const page = await (await suite.agent.follow(await end())).text();
    expect(page).toContain('<html lang="de"');
    expect(page).toContain('<h1>Abgemeldet</h1>');
  });

  const sid = (): string => String(decodeJwt(hint)['sid']);
  const leave = (query: string) => suite.agent.get(`${server.issuer}/connect/logout?${query}`);

  async function confirm(query: string, form?: Record<string, string>): Promise<Response> {
    const sent = form ? await suite.agent.submit(`${server.issuer}/connect/logout`, form) : await leave(query);
    const page = await suite.agent.follow(sent);
    const text = await page.text();
    const [, xsrf = ''] = /name="xsrf" value="([^"]*)"/.exec(text) ?? [];
    const [, action = ''] = / action="([^"]*)"/.exec(text) ?? [];
    return suite.agent.submit(new URL(action, page.url).href, { xsrf, logout: 'yes' });
  }
});
