import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { type Answer, basic, type Fields, postForm, toAnswer, UserAgent } from '@onbehalf/testing-internal';
import { Keycloak, KEYCLOAK_VERSION } from '../../tools/keycloak.ts';
import { freePort, System } from '../../tools/system.ts';
import { KeycloakDomains } from './keycloak-domains.fixture.js';

interface Facts {
  readonly version: string;
  readonly tokens: Readonly<Record<'A' | 'B' | 'C', { readonly header: object; readonly claims: JWTPayload }>>;
  readonly refusals: readonly {
    readonly case: string;
    readonly client: string;
    readonly form: Readonly<Record<string, string>>;
    readonly status: number;
    readonly error: string;
    readonly error_description: string;
  }[];
}

const facts = JSON.parse(readFileSync(new URL('../../examples/keycloak/facts.json', import.meta.url), 'utf8')) as Facts;
/** What differs from run to run. */
const VARYING = ['exp', 'iat', 'auth_time', 'jti', 'iss', 'sid'];
const steady = (claims: JWTPayload): JWTPayload => ({
  ...Object.fromEntries(Object.entries(claims).filter(([name]) => !VARYING.includes(name))),
  // in any order: RFC 6749 §3.3
  scope: String(claims['scope']).split(' ').sort().join(' '),
});
const withoutKey = (header: object): object => ({ ...header, kid: undefined });

// takes minutes and wants Java: `npm run soak -- keycloak`
const when = process.env['SOAK_KEYCLOAK'] === '1' ? describe : describe.skip;

when(`the apps as they are, on Keycloak ${KEYCLOAK_VERSION}`, () => {
  let keycloak: Keycloak;
  let system: System;
  let tokenA: string;

  beforeAll(async () => {
    const settings = { TOKEN_PROFILE: 'keycloak', REVOCATIONS_URI: '' };
    const ports = await System.onFreePorts();
    const port = await freePort();
    keycloak = await Keycloak.start(port, ports.url('client-app'));
    system = new System(ports.ports, { ...settings, ISSUER: keycloak.issuer });
    await system.up('message-service', 'user-service', 'client-app');
    tokenA = (await logIn()).accessToken;
  }, 600_000);

  afterAll(async () => {
    await system?.down();
    await keycloak?.stop();
  }, 60_000);

  const endpoint = (): string => `${keycloak.issuer}/protocol/openid-connect/token`;
  const get = async (url: string, token: string): Promise<Answer> =>
    toAnswer(await fetch(url, { headers: { authorization: `Bearer ${token}` } }));
  const exchange = (client: string, fields: Fields): Promise<Answer> =>
    postForm(
      endpoint(),
      {
        grant_type: GrantType.TokenExchange,
        subject_token: tokenA,
        subject_token_type: TokenType.AccessToken,
        requested_token_type: TokenType.AccessToken,
        ...fields,
      },
      { authorization: basic(client, `${client}-secret`) },
    );

  /** Sends the login form of Keycloak. */
  async function signIn(agent: UserAgent, page: Response, until: string): Promise<Response> {
    const [, action] = /<form[^>]*action="([^"]+)"/.exec(await page.text()) ?? [];
    if (action === undefined) throw new Error(`no login form at ${page.url}`);
    const sent = await agent.submit(action.replaceAll('&amp;', '&'), { username: 'baeldung', password: 'password' });
    return agent.follow(sent, until);
  }

  async function logIn(agent = new UserAgent()): Promise<{ readonly accessToken: string; readonly idToken: string }> {
    const redirectUri = `${system.url('client-app')}/callback`;
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'client-app',
      redirect_uri: redirectUri,
      scope: 'openid profile user.read',
      state: 'state',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const page = await agent.follow(
      await agent.get(`${keycloak.issuer}/protocol/openid-connect/auth?${query.toString()}`),
    );
    const back = await signIn(agent, page, redirectUri);
    const code = new URL(back.headers.get('location') ?? 'about:blank').searchParams.get('code') ?? '';
    const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
    const { body } = await postForm(endpoint(), fields, { authorization: basic('client-app', 'client-app-secret') });
    return { accessToken: String(body['access_token']), idToken: String(body['id_token']) };
  }

  it('a user signs in to client-app and reads the message', async () => {
    const agent = new UserAgent();
    const page = await agent.follow(await agent.get(`${system.url('client-app')}/login`));
    const home = await signIn(agent, page, 'none');
    expect([home.status, home.url]).toEqual([200, `${system.url('client-app')}/`]);
    const message = await agent.get(`${system.url('client-app')}/api/user/message`);
    expect([message.status, await message.text()]).toEqual([200, expect.stringContaining('Hello Baeldung!')]);
  });

  it('each hop has a token of its own audience, for the same subject, and nobody acts', async () => {
    const { status, body } = await get(`${system.url('user-service')}/user/message`, tokenA);
    expect(status).toBe(200);
    const hops = body['hops'] as { readonly service: string; readonly claims: JWTPayload }[];
    expect(hops.map(({ claims: { aud, sub, azp, act } }) => [aud, sub, azp, act])).toEqual([
      ['user-service', 'baeldung', 'client-app', undefined],
      ['message-service', 'baeldung', 'user-service', undefined],
      ['user-service', 'baeldung', 'message-service', undefined],
    ]);
  });

  it('its tokens are as recorded', async () => {
    const b = String(
      (await exchange('user-service', { audience: 'message-service', scope: 'message.read' })).body['access_token'],
    );
    const second = { subject_token: b, audience: 'user-service', scope: 'user.read' };
    const c = String((await exchange('message-service', second)).body['access_token']);
    const seen = Object.entries({ A: tokenA, B: b, C: c }).map(([name, token]) => [
      name,
      { header: withoutKey(decodeProtectedHeader(token)), claims: steady(decodeJwt(token)) },
    ]);
    const recorded = Object.entries(facts.tokens).map(([name, { header, claims }]) => [
      name,
      { header: withoutKey(header), claims: steady(claims) },
    ]);
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(recorded));
  });

  it.each(facts.refusals.map((refusal) => [refusal.case, refusal] as const))(
    'its refusals are as recorded: %s',
    async (_, { client, form, status, error, error_description }) => {
      const answer = await exchange(client, form);
      expect([answer.status, answer.body]).toEqual([status, { error, error_description }]);
    },
  );

  it('what it does not know it ignores, which the preset refuses at the start', async () => {
    for (const ignored of [
      { resource: system.url('message-service') },
      { actor_token: tokenA, actor_token_type: TokenType.AccessToken },
    ]) {
      const answer = await exchange('user-service', { audience: 'message-service', scope: 'message.read', ...ignored });
      expect(answer.status).toBe(200);
      expect(decodeJwt(String(answer.body['access_token']))).not.toHaveProperty('act');
    }
  });

  it('a token for another service is refused by the next', async () => {
    const answer = await get(`${system.url('message-service')}/message`, tokenA);
    expect([answer.status, answer.body['error_description']]).toEqual([
      401,
      "Invalid audience claim. Expected 'message-service', got 'user-service'",
    ]);
  });

  it('what a session holds is exchanged until its end, and not after it', async () => {
    const agent = new UserAgent();
    const { accessToken, idToken } = await logIn(agent);
    const asked = { subject_token: accessToken, audience: 'message-service', scope: 'message.read' };
    expect((await exchange('user-service', asked)).status).toBe(200);
    const query = new URLSearchParams({ id_token_hint: idToken });
    const ended = await agent.get(`${keycloak.issuer}/protocol/openid-connect/logout?${query.toString()}`);
    expect(ended.status).toBeLessThan(400);
    const refused = await exchange('user-service', asked);
    expect([refused.status, refused.body['error_description']]).toEqual([400, 'Invalid token']);
  });

  describe('as a trusted issuer of auth-server, whose domain goes on to another', () => {
    let domains: KeycloakDomains;
    beforeAll(async () => (domains = await KeycloakDomains.up(keycloak.issuer)), 60_000);
    afterAll(() => domains?.down());

    it('its access token is exchanged as a JWT of another issuer, and is no access token of this one', async () => {
      const { status, body } = await domains.exchange(tokenA, TokenType.Jwt);
      expect([status, decodeJwt(String(body['access_token']))]).toEqual([
        200,
        expect.objectContaining({ sub: `${keycloak.issuer}#${decodeJwt(tokenA).sub}`, aud: 'message-service' }),
      ]);
      const own = await domains.exchange(tokenA, TokenType.AccessToken);
      expect([own.status, own.body['error']]).toEqual([400, 'invalid_request']);
    });

    it.each([TokenType.Jwt, TokenType.AccessToken, TokenType.IdToken])('its ID token is none, as %s', async (type) => {
      const { idToken } = await logIn();
      const { status, body } = await domains.exchange(idToken, type);
      expect([status, body['error']]).toEqual([400, 'invalid_request']);
    });

    it('its access token becomes a grant, and that an access token of the other domain', async () => {
      const grant = await domains.chain(tokenA);
      expect(grant.body).toMatchObject({ token_type: 'N_A', issued_token_type: TokenType.Jwt });
      const assertion = String(grant.body['access_token']);
      const { body } = await domains.redeem(assertion);
      expect(decodeJwt(String(body['access_token']))).toMatchObject({
        aud: 'order-service',
        act: { sub: 'redeemer', act: { sub: 'user-service', iss: domains.home.url } },
      });
      expect(decodeJwt(String(body['access_token'])).exp).toBeLessThanOrEqual(decodeJwt(tokenA).exp!);
    });

    it('its tokens are no grants, and are not what it is trusted for', async () => {
      const { idToken, accessToken } = await logIn();
      for (const token of [idToken, accessToken]) {
        for (const at of ['home', 'partner'] as const) {
          const { status, body } = await domains.redeem(token, at);
          expect([at, status, body['error']]).toEqual([at, 400, 'invalid_grant']);
        }
      }
    });
  });
});
