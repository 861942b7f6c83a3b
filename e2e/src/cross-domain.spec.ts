import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type Answer, basic, postForm } from '@onbehalf/testing-internal';
import { Domains, ORDERS } from './domains.fixture.js';
import { samlAssertion } from './legacy-provider.fixture.js';
import { until } from './until.js';

const issued = ({ body }: Answer): string => String(body['access_token']);
const outcome = ({ status, body }: Answer): unknown[] => [status, body['error']];

describe('two domains with keys of their own', () => {
  let domains: Domains;
  let login: Record<string, unknown>;
  const idToken = (): string => String(login['id_token']);

  beforeAll(async () => {
    domains = await Domains.up();
    login = await domains.logIn();
  }, 60_000);
  afterAll(() => domains.down());

  const operator = async (url: string, path: string, init: RequestInit = {}): Promise<Response> => {
    const at = url === domains.home.url ? domains.home : domains.partner;
    const { body } = await domains.token(at, 'operator', { grant_type: GrantType.ClientCredentials });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${String(body['access_token'])}` };
    return fetch(url + path, { ...init, headers: { ...headers, ...(init.headers as object) } });
  };

  it('an ID token becomes an ID-JAG, and that an access token of the other domain, under one trace', async () => {
    const traceId = 'a'.repeat(31) + '1';
    const headers = { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` };
    const first = await domains.idJag(idToken(), { scope: 'order.read' }, 'client-app', headers);
    expect(first.body).toMatchObject({ issued_token_type: TokenType.IdJag, token_type: 'N_A', scope: 'order.read' });
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(decodeProtectedHeader(issued(first)).typ).toBe('oauth-id-jag+jwt');
    const grant = decodeJwt(issued(first));
    expect(grant).toMatchObject({
      iss: domains.home.url,
      aud: domains.partner.url,
      sub: 'baeldung@example.com',
      client_id: 'home-client-app',
      resource: ORDERS,
      act: { sub: 'client-app', iss: domains.home.url },
    });
    expect(grant).not.toHaveProperty('sid');
    const second = await domains.redeem(issued(first), {}, 'home-client-app', headers);
    expect(second.body).toMatchObject({ token_type: 'Bearer', scope: 'order.read' });
    expect(second.body).not.toHaveProperty('refresh_token');
    const token = decodeJwt(issued(second));
    expect(token).toMatchObject({
      iss: domains.partner.url,
      aud: 'order-service',
      sub: 'b.aeldung',
      act: { sub: 'home-client-app', act: { sub: 'client-app', iss: domains.home.url } },
    });
    expect(token.exp).toBeLessThanOrEqual(grant.exp!);
    for (const { url } of [domains.home, domains.partner]) {
      const records = (await (await operator(url, `/admin/audit?id_jag=${grant.jti}`)).json()) as {
        records: { event: object }[];
      };
      expect(records.records.map(({ event }) => event)).toEqual([
        expect.objectContaining({ outcome: 'issued', traceId, idJag: grant.jti }),
      ]);
    }
  });

  it('a refresh token becomes an ID-JAG, and is not used up', async () => {
    const refresh = { subject_token_type: TokenType.RefreshToken };
    const value = String(login['refresh_token']);
    expect((await domains.idJag(value, refresh)).status).toBe(200);
    expect((await domains.idJag(value, refresh)).status).toBe(200);
    expect(outcome(await domains.idJag(value, refresh, 'other-app'))).toEqual([400, 'invalid_request']);
    expect(outcome(await domains.idJag('unknown', refresh))).toEqual([400, 'invalid_request']);
    const renewed = await domains.token(domains.home, 'client-app', {
      grant_type: 'refresh_token',
      refresh_token: value,
    });
    expect(renewed.status).toBe(200);
    expect(outcome(await domains.idJag(value, refresh))).toEqual([400, 'invalid_request']);
    login = { ...login, ...renewed.body };
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['71: no audience', { audience: undefined }, 'invalid_request'],
    ['70: another resource', { resource: 'http://localhost:9' }, 'invalid_target'],
    ['70: an unknown audience', { audience: 'http://localhost:9' }, 'invalid_target'],
    ['a resource of this domain', { audience: 'user-service' }, 'invalid_target'],
    ['an access token for the server', { requested_token_type: TokenType.AccessToken }, 'invalid_target'],
    ['a scope that is not granted', { scope: 'order.write' }, 'invalid_scope'],
    ['authorization_details', { authorization_details: '[]' }, 'invalid_authorization_details'],
  ])('row %s', async (_row, fields, error) => {
    expect(outcome(await domains.idJag(idToken(), fields))).toEqual([400, error]);
  });

  it('row 31, 70: nobody else’s ID token, and nobody whom the cross-app grant is not for', async () => {
    expect((await domains.idJag(idToken(), {}, 'other-app')).status).toBe(400);
    const stranger = await domains.logIn('stranger');
    expect(outcome(await domains.idJag(String(stranger['id_token'])))).toEqual([400, 'invalid_target']);
  });

  it('row 64, 67, 65: for its client, once, and never at home', async () => {
    const assertion = issued(await domains.idJag(idToken()));
    expect(outcome(await domains.redeem(assertion, {}, 'home-user-service'))).toEqual([400, 'invalid_grant']);
    expect(outcome(await domains.redeem(assertion, { scope: 'order.nothing' }))).toEqual([400, 'invalid_scope']);
    // a refused request has not used it up
    expect((await domains.redeem(assertion)).status).toBe(200);
    expect(outcome(await domains.redeem(assertion))).toEqual([400, 'invalid_grant']);
    const again = { grant_type: GrantType.JwtBearer, assertion: issued(await domains.idJag(idToken())) };
    expect(outcome(await domains.token(domains.home, 'redeemer', again))).toEqual([400, 'invalid_grant']);
  });

  it('identity chaining: a service goes on in the other domain, and the chain says so', async () => {
    const grant = await domains.chain(String(login['access_token']));
    expect(grant.body).toMatchObject({ issued_token_type: TokenType.Jwt, token_type: 'N_A', scope: 'order.read' });
    const token = await domains.redeem(issued(grant), {}, 'home-user-service');
    expect(decodeJwt(issued(token))).toMatchObject({
      sub: 'b.aeldung',
      act: { sub: 'home-user-service', act: { sub: 'user-service', iss: domains.home.url } },
    });
    expect(outcome(await domains.redeem(issued(grant), {}, 'home-user-service'))).toEqual([400, 'invalid_grant']);
  });

  it('a token of either domain is useless in the other', async () => {
    const idJag = issued(await domains.idJag(idToken()));
    const grant = issued(await domains.chain(String(login['access_token'])));
    const theirs = issued(await domains.redeem(idJag));
    const kinds = {
      idJag: issued(await domains.idJag(idToken())),
      grant,
      theirs,
      id: idToken(),
      access: String(login['access_token']),
      refresh: String(login['refresh_token']),
      saml: samlAssertion('baeldung'),
    };
    const at = { home: domains.home, partner: domains.partner };
    const [serviceAt, redeemerAt] = [
      { home: 'user-service', partner: 'order-service' },
      { home: 'redeemer', partner: 'home-client-app' },
    ];
    for (const [kind, token] of Object.entries(kinds)) {
      for (const where of ['home', 'partner'] as const) {
        const isOwn = (where === 'home') === !['theirs'].includes(kind);
        const userinfo = await fetch(`${at[where].url}/userinfo`, { headers: { authorization: `Bearer ${token}` } });
        if (kind !== 'access' || where !== 'home') expect([kind, where, userinfo.status]).toEqual([kind, where, 401]);
        const admin = await fetch(`${at[where].url}/admin/audit`, { headers: { authorization: `Bearer ${token}` } });
        expect([kind, where, admin.status]).toEqual([kind, where, 401]);
        for (const subject_token_type of Object.values(TokenType)) {
          if (isOwn && kind === 'access' && subject_token_type !== TokenType.IdToken) continue;
          const fields = {
            grant_type: GrantType.TokenExchange,
            subject_token: token,
            subject_token_type,
            audience: 'user-service',
          };
          const answer = await domains.token(at[where], serviceAt[where], {
            ...fields,
            ...(where === 'partner' && { audience: 'order-service' }),
          });
          expect([kind, where, subject_token_type, answer.status]).toEqual([kind, where, subject_token_type, 400]);
        }
        const introspected = await postForm(
          `${at[where].url}/oauth2/introspect`,
          { token },
          { authorization: basic(serviceAt[where], 'secret') },
        );
        const isKnown = isOwn && ['access', 'theirs'].includes(kind);
        if (!isKnown) expect([kind, where, introspected.body]).toEqual([kind, where, { active: false }]);
        if (kind === 'idJag' && where === 'partner') continue;
        const redeemed = await domains.token(at[where], redeemerAt[where], {
          grant_type: GrantType.JwtBearer,
          assertion: token,
        });
        expect([kind, where, ...outcome(redeemed)]).toEqual([kind, where, 400, 'invalid_grant']);
      }
    }
  }, 30_000);

  it('each side tells what it does', async () => {
    const metadata = async (url: string): Promise<object> =>
      (await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json()) as object;
    expect(await metadata(domains.home.url)).toMatchObject({
      identity_chaining_requested_token_types_supported: [TokenType.Jwt, TokenType.IdJag],
    });
    expect(await metadata(domains.home.url)).not.toHaveProperty('authorization_grant_profiles_supported');
    expect(await metadata(domains.partner.url)).toMatchObject({
      authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
      grant_types_supported: expect.arrayContaining([GrantType.JwtBearer]) as unknown,
    });
    expect(await metadata(domains.partner.url)).not.toHaveProperty('identity_chaining_requested_token_types_supported');
  });

  it.each<[string, (jag: string) => string]>([
    ['56 KB', () => 'a'.repeat(50_000)],
    ['no JWT', () => 'x.y'],
    [
      'unsigned',
      (jag) => `${Buffer.from('{"alg":"none","typ":"oauth-id-jag+jwt"}').toString('base64url')}.${jag.split('.')[1]}.`,
    ],
    ['of another signature', (jag) => `${jag.slice(0, -6)}AAAAAA`],
  ])('an assertion that is %s is invalid_grant', async (_case, spoil) => {
    const jag = issued(await domains.idJag(idToken()));
    expect(outcome(await domains.redeem(spoil(jag)))).toEqual([400, 'invalid_grant']);
  });

  it('no assertion is invalid_request, and no client authentication invalid_client', async () => {
    const { url } = domains.partner;
    expect(outcome(await domains.redeem(''))).toEqual([400, 'invalid_request']);
    const body = new URLSearchParams({ grant_type: GrantType.JwtBearer, assertion: 'x' });
    expect((await fetch(`${url}/oauth2/token`, { method: 'POST', body })).status).toBe(401);
    const wrong = { authorization: basic('home-client-app', 'wrong') };
    expect((await fetch(`${url}/oauth2/token`, { method: 'POST', body, headers: wrong })).status).toBe(401);
  });

  it('an administrator says no: the next ID-JAG is refused', async () => {
    const { url } = domains.home;
    const path = '/admin/edges/orders';
    const read = await operator(url, path);
    const edge = (await read.json()) as Record<string, unknown>;
    const change = async (action: string, etag: string | null): Promise<Response> =>
      operator(url, `${path}/${action}`, { method: 'POST', headers: { ...(etag && { 'if-match': etag }) } });
    expect(edge).toBeDefined();
    const disabled = await change('disable', read.headers.get('etag'));
    expect(disabled.status).toBeLessThan(300);
    await until(async () => (await domains.idJag(idToken())).body['error'] === 'invalid_target', 5_000);
    await change('enable', disabled.headers.get('etag'));
    await until(async () => (await domains.idJag(idToken())).status === 200, 5_000);
  });
});
