import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GrantType, IMPERSONATION_CLAIM, TokenType } from '@onbehalf/oauth-protocol';
import { testDatabases } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { ISSUER, partner } from './impersonation-configuration.fixture.js';
import { ImpersonationWorld } from './impersonation-world.fixture.js';

const [database, ...others] = await testDatabases();
const now = (): number => Math.floor(Date.now() / 1000);
const MARK = { [IMPERSONATION_CLAIM]: { id: 'x', sub: 'support', iss: ISSUER } };

/** What an administrator holds who uses an account, and what was exchanged from it. */
interface Held {
  readonly first: string;
  readonly second: string;
  /** Of an edge that does not disclose it: the record alone knows. */
  readonly hidden: string;
}

describe('whoever uses an account opens nothing else with it', () => {
  let world: ImpersonationWorld;
  let held: Held;
  beforeAll(async () => {
    world = await ImpersonationWorld.open(database!);
  });
  beforeEach(async () => {
    const issued = async (answer: ReturnType<ImpersonationWorld['begin']>): Promise<string> => {
      const { status, body } = await answer;
      expect([status, body['error_description']]).toEqual([200, undefined]);
      return String(body['access_token']);
    };
    const first = await issued(world.begin());
    held = {
      first,
      second: await issued(world.exchange('user-service', first, { audience: 'message-service' })),
      hidden: await issued(world.begin({ audience: 'hidden' }, { sub: 'second' })),
    };
  });
  afterEach(() => world.clear());
  afterAll(async () => {
    await world.close();
    await Promise.all([database!, ...others].map((each) => each.stop()));
  });

  const chain = (client: string, token: string) =>
    world.exchange(client, token, { audience: partner.issuer, requested_token_type: TokenType.Jwt });
  /** A token of an ordinary login, with the mark or without. */
  const idToken = async (mark: object): Promise<string> =>
    world.token({ aud: 'app', client_id: 'app', sub: 'alice', scope: undefined, ...mark }, { typ: 'JWT' });
  const idJag = (token: string) =>
    world.exchange('app', token, {
      subject_token_type: TokenType.IdToken,
      requested_token_type: TokenType.IdJag,
      audience: partner.issuer,
    });
  const redeem = async (typ: string, claims: object) => {
    const clientId = { client_id: 'redeemer', resource: undefined };
    const assertion = await partner.token({ sub: 'alice', ...clientId, ...claims, header: { typ } });
    return world.post('/oauth2/token', { grant_type: GrantType.JwtBearer, assertion }, 'redeemer');
  };

  describe('another domain', () => {
    it('by chaining: the edge leads there for everybody else', async () => {
      const ordinary = { sub: 'alice', aud: 'user-service', client_id: 'app', scope: 'user.read' };
      expect((await chain('user-service', await world.token(ordinary))).status).toBe(200);
      for (const [client, token] of [
        ['user-service', held.first],
        ['hidden-service', held.hidden],
        ['user-service', await world.token({ ...ordinary, ...MARK })],
      ] as const) {
        expect(await chain(client, token)).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
        expect(await world.record()).toMatchObject({
          rule: 'given-grant',
          impersonator: expect.any(String) as unknown,
        });
      }
    });

    it('by an ID-JAG: the cross-app grant is for everybody else', async () => {
      expect((await idJag(await idToken({}))).status).toBe(200);
      for (const token of [await idToken(MARK), held.first, held.second, held.hidden]) {
        expect(await idJag(token)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
      }
    });

    it.each([
      ['a grant by RFC 7523', 'JWT'],
      ['an ID-JAG', 'oauth-id-jag+jwt'],
    ])('from there: %s is redeemed, and none of an impersonation', async (_, typ) => {
      expect((await redeem(typ, {})).status).toBe(200);
      for (const mark of [MARK, { [IMPERSONATION_CLAIM]: { id: 'x', sub: 'y' } }, { [IMPERSONATION_CLAIM]: true }]) {
        expect(await redeem(typ, mark)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      }
    });
  });

  it.each([
    ['GET', '/me/activity'],
    ['DELETE', '/me/activity/x'],
    ['GET', '/me/clients'],
    ['POST', '/me/evaluate'],
    ['GET', '/userinfo'],
    ['POST', '/userinfo'],
    ['GET', '/admin/audit'],
    ['GET', '/admin/impersonations'],
    ['GET', '/admin/impersonations/customers?search=alice'],
    ['GET', '/admin/users'],
    ['GET', '/metrics'],
  ])('%s %s', async (method, path) => {
    for (const token of Object.values(held) as string[]) {
      expect([401, 403]).toContain((await world.callWith(method, path, token)).status);
    }
  });

  it.each([
    ['GET', '/me/activity'],
    ['DELETE', '/me/activity/x'],
    ['GET', '/me/clients'],
    ['POST', '/me/evaluate'],
  ])('%s %s, not even with a token of a login that has the mark', async (method, path) => {
    const life = (await world.stores[0]!.tokens.find(String(decodeJwt(held.first).jti)))?.subjectLife;
    const marked = await world.ownToken('alice', life, MARK);
    expect(await world.callWith(method, path, marked)).toMatchObject({
      status: 403,
      body: { error: 'impersonation_forbidden' },
    });
    const { body } = await world.callWith(method, path, await world.ownToken('alice', life));
    expect(body['error']).not.toBe('impersonation_forbidden');
  });

  it('consent: a token is no session, for whoever shows it', async () => {
    for (const token of Object.values(held) as string[]) {
      const headers = { authorization: `Bearer ${token}`, origin: ISSUER };
      const asked = { headers, redirect: 'manual' } as const;
      const page = await fetch(`${world.urls[0]}/account/consents`, asked);
      expect([page.status, await page.text()]).not.toEqual([200, expect.stringContaining('alice')]);
      const body = new URLSearchParams({ id: 'x', decision: 'allow' });
      for (const path of ['/account/consents', '/consent/x']) {
        const { status } = await fetch(`${world.urls[0]}${path}`, { ...asked, method: 'POST', body });
        expect([path, status >= 400 || status === 303]).toEqual([path, true]);
      }
      const query = new URLSearchParams({
        ...{ response_type: 'code', client_id: 'app', redirect_uri: 'http://localhost:8080/callback', prompt: 'none' },
        ...{ scope: 'activity.read', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' },
        ...{ code_challenge_method: 'S256', id_token_hint: token },
      });
      const answer = await fetch(`${world.urls[0]}/oauth2/authorize?${query.toString()}`, asked);
      expect(answer.headers.get('location') ?? '').not.toMatch(/[?&]code=/);
    }
  });

  it('tokens that live on: no refresh, no second impersonation, no other grant', async () => {
    for (const token of Object.values(held) as string[]) {
      const refresh = { grant_type: GrantType.RefreshToken, refresh_token: token };
      expect((await world.post('/oauth2/token', refresh, 'support-tool')).status).toBe(400);
      const assertion = { grant_type: GrantType.JwtBearer, assertion: token };
      expect((await world.post('/oauth2/token', assertion, 'redeemer')).body['error']).toBe('invalid_grant');
      expect((await world.begin({ actor_token: token, subject_token: 'bob' })).status).toBe(400);
    }
  });

  it('not even one that says when it was issued, and by whom, as a login would', async () => {
    const forged = { sub: 'alice', aud: 'auth-server-me', client_id: 'app', iat: now(), jti: randomUUID(), ...MARK };
    expect((await world.callWith('GET', '/me/activity', await world.token(forged))).status).toBe(403);
  });
});
