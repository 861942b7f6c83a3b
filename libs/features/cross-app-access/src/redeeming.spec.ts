import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import { startTestServer, type TokenOverrides } from '@onbehalf/testing';
import { requirement } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { DpopKey, now, type Answer, type Domain } from './domain.fixture.js';
import { BILLING, grant, idJag, openPartner, ORDERS, PARTNER, testIssuers, type Issuers } from './partner.fixture.js';

const outcome = ({ status, body }: Answer): unknown[] => [status, body['error']];
const claimsOf = ({ body }: Answer): Record<string, unknown> => decodeJwt(String(body['access_token']));

let issuers: Issuers;
let partner: Domain;
beforeAll(async () => {
  issuers = await testIssuers();
  partner = await openPartner(issuers);
}, 60_000);
afterAll(() => partner.close());

describe('an ID-JAG', () => {
  it('gives the client that it names an access token, for no more than it says and no longer', async () => {
    const assertion = await idJag(issuers.home, { exp: now() + 60, act: { sub: 'app-there' } });
    const answer = await partner.redeem('app', assertion);
    expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'order.read' });
    expect(answer.body).not.toHaveProperty('refresh_token');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(claimsOf(answer)).toMatchObject({
      iss: PARTNER,
      sub: 'b.alice',
      aud: 'orders',
      act: { sub: 'app', act: { sub: 'app-there', iss: issuers.home.issuer } },
    });
    expect(claimsOf(answer)['exp']).toBeLessThanOrEqual(now() + 60);
  });

  it.each<[string, TokenOverrides, object, string, string]>([
    ['aud as a list of one', { aud: [PARTNER] }, {}, 'order.read', 'orders'],
    ['typ with application/', { header: { typ: 'application/oauth-id-jag+jwt' } }, {}, 'order.read', 'orders'],
    ['no resource, and the default target', { resource: undefined }, {}, 'order.read', 'orders'],
    [
      'another resource of it',
      { resource: [ORDERS, BILLING], scope: 'bill.read' },
      { resource: BILLING },
      'bill.read',
      'billing',
    ],
    ['the audience in place of the resource', { resource: ORDERS }, { audience: 'orders' }, 'order.read', 'orders'],
    ['a narrower scope', { scope: 'order.read order.write' }, { scope: 'order.write' }, 'order.write', 'orders'],
    ['no scope', { scope: undefined }, {}, 'order.read order.write', 'orders'],
    [
      'scopes that nobody knows beside one that is known',
      { scope: 'chat.read order.read' },
      {},
      'order.read',
      'orders',
    ],
    ['a resource in another spelling', { resource: 'https://ORDERS.example:443/api' }, {}, 'order.read', 'orders'],
    ['a login that it tells of', { auth_time: now() - 5, acr: 'gold', amr: ['hwk'] }, {}, 'order.read', 'orders'],
    ['claims that nobody reads', { aud_sub: 'x', aud_tenant: 'y', phone_number: '1' }, {}, 'order.read', 'orders'],
  ])('is redeemed with %s', async (_case, claims, form, scope, audience) => {
    const answer = await partner.redeem('app', await idJag(issuers.home, claims), form);
    expect([answer.status, answer.body['scope'], claimsOf(answer)['aud']]).toEqual([200, scope, audience]);
  });

  it('tells of the login that it tells of', async () => {
    const told = { auth_time: now() - 5, acr: 'gold', amr: ['hwk'] };
    expect(claimsOf(await partner.redeem('app', await idJag(issuers.home, told)))).toMatchObject(told);
  });

  it('of one tenant is none of another', async () => {
    const of = (tenant?: unknown) => idJag(issuers.hotel, { client_id: 'guest', tenant });
    const taken = await partner.redeem('guest', await of('t1'));
    expect(claimsOf(taken)['sub']).toBe(`${issuers.hotel.issuer}#00u1`);
    for (const tenant of ['t2', undefined, ['t1'], 'T1']) {
      expect(outcome(await partner.redeem('guest', await of(tenant)))).toEqual([400, 'invalid_grant']);
    }
  });

  it('keeps the marks of agents', async () => {
    const act = { sub: 'bot', sub_profile: 'ai_agent', act: { sub: 'desk', sub_profile: 'service' } };
    expect(claimsOf(await partner.redeem('app', await idJag(issuers.home, { act })))).toMatchObject({
      act: { sub: 'app', act: { sub: 'bot', sub_profile: 'ai_agent', act: { sub: 'desk', sub_profile: 'service' } } },
    });
  });
});

describe('an assertion that is refused', () => {
  it('tells nobody whom the partner trusts', async () => {
    const told = async (iss: string): Promise<unknown> => {
      const assertion = await idJag(issuers.stranger, { iss });
      return (await partner.redeem('app', assertion)).body['error_description'];
    };
    const descriptions = await Promise.all(
      ['https://unknown.example', ...Object.values(issuers).map(({ issuer }) => issuer)].map(told),
    );
    expect(new Set(descriptions).size).toBe(1);
  });

  it('is used up neither by a refusal nor by a request that is wrong', async () => {
    const assertion = await idJag(issuers.home);
    for (const [client, form] of [
      ['guest', {}],
      ['app', { scope: 'order.write' }],
      ['app', { resource: BILLING }],
    ] as const) {
      expect((await partner.redeem(client, assertion, form)).status).toBe(400);
    }
    expect((await partner.redeem('app', assertion)).status).toBe(200);
    expect(outcome(await partner.redeem('app', assertion))).toEqual([400, 'invalid_grant']);
  });

  it('67: is another with the same jti, and none is one of another issuer', async () => {
    const jti = 'the same';
    expect((await partner.redeem('app', await idJag(issuers.home, { jti }))).status).toBe(200);
    expect(outcome(await partner.redeem('app', await idJag(issuers.home, { jti, scope: 'order.write' })))).toEqual([
      400,
      'invalid_grant',
    ]);
    const other = await idJag(issuers.chainer, { jti, header: { typ: 'JWT' }, client_id: undefined });
    expect((await partner.redeem('gateway', other)).status).toBe(200);
  });
});

describe('an assertion that tells where its key is', () => {
  it.each(['jku', 'x5u'])('RFC 8725 §3.10: %s: nobody looks there', async (name) => {
    const server = await startTestServer(() => ({ body: issuers.stranger.jwks }));
    try {
      const header = { [name]: `${server.url}/keys` };
      for (const iss of [issuers.home.issuer, server.url]) {
        const forged = await idJag(issuers.stranger, { iss, header });
        expect(outcome(await partner.redeem('app', forged))).toEqual([400, 'invalid_grant']);
      }
      expect((await partner.redeem('app', await idJag(issuers.home, { header }))).status).toBe(200);
      expect(server.requests).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

describe('between its issue and its redemption', () => {
  it.each([
    ['edges', encodeURIComponent('other-app:other-app:orders:delegation'), 'invalid_target'],
    ['clients', 'other-app', 'invalid_client'],
  ])('one of the %s is turned off: the ID-JAG gives nothing, and is not used up', async (kind, id, error) => {
    const claims = { client_id: 'other-app', email: 'kate@other.example' };
    const assertion = await idJag(issuers.other, claims);
    const change = async (action: string): Promise<void> => {
      const { headers } = await partner.operator(`/admin/${kind}/${id}`);
      const init = { method: 'POST', headers: { 'if-match': headers.get('etag') ?? '' } };
      expect((await partner.operator(`/admin/${kind}/${id}/${action}`, init)).status).toBe(200);
    };
    await change('disable');
    expect((await partner.redeem('other-app', assertion)).body['error']).toBe(error);
    await change('enable');
    expect((await partner.redeem('other-app', assertion)).status).toBe(200);
  });
});

describe('a request that is wrong', () => {
  it.each<[string, string, object, number, string]>([
    ['no assertion', 'app', { assertion: '' }, 400, 'invalid_request'],
    ['a client without the grant', 'orders-service', {}, 400, 'unauthorized_client'],
    ['a client that is none', 'nobody', {}, 401, 'invalid_client'],
  ])('%s', async (_name, client, form, status, error) => {
    expect(outcome(await partner.redeem(client, await idJag(issuers.home), form))).toEqual([status, error]);
  });

  it.each([
    ['assertion', 'x'],
    ['grant_type', GrantType.TokenExchange],
    ['scope', 'order.read'],
    ['client_id', 'other-app'],
    ['client_assertion', 'x'],
  ])('%s twice, or beside another, is invalid_request', async (name, value) => {
    const assertion = await idJag(issuers.home);
    const body = new URLSearchParams({ grant_type: GrantType.JwtBearer, assertion, scope: 'order.read' });
    body.append(name, value);
    const init = { method: 'POST', body, headers: { authorization: partner.basic('app') } };
    const answer = await fetch(`${partner.urls[0]!}/oauth2/token`, init);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_request' }]);
    expect((await partner.redeem('app', assertion)).status).toBe(200);
  });

  it('parameters of an exchange change nothing', async () => {
    const [one, other] = [await idJag(issuers.home), await idJag(issuers.home)];
    const answer = await partner.redeem('app', one, {
      subject_token: other,
      actor_token: other,
      actor_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token',
    });
    expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'order.read' });
    expect(claimsOf(answer)['act']).toEqual({ sub: 'app', iss: PARTNER });
  });
});

describe(
  requirement(
    'RFC9449-5-token-type',
    'a token_type of DPoP MUST be included in the response, to signal that the token was bound to the key',
  ),
  () => {
    it('the access token is bound to the key that the request proves', async () => {
      const key = await DpopKey.generate();
      const answer = await partner.redeem('app', await idJag(issuers.home), {}, await key.proof(PARTNER));
      expect(answer.body['token_type']).toBe('DPoP');
      expect(claimsOf(answer)['cnf']).toEqual({ jkt: await key.thumbprint() });
    });

    it('68: an ID-JAG that is bound to a key is redeemed by its holder alone', async () => {
      const [key, other] = [await DpopKey.generate(), await DpopKey.generate()];
      const assertion = await idJag(issuers.home, { cnf: { jkt: await key.thumbprint() } });
      expect(outcome(await partner.redeem('app', assertion))).toEqual([400, 'invalid_grant']);
      expect(outcome(await partner.redeem('app', assertion, {}, await other.proof(PARTNER)))).toEqual([
        400,
        'invalid_grant',
      ]);
      const proof = await key.proof(PARTNER);
      const answer = await partner.redeem('app', assertion, {}, proof);
      expect([answer.status, answer.body['token_type']]).toEqual([200, 'DPoP']);
      expect(claimsOf(answer)['cnf']).toEqual({ jkt: await key.thumbprint() });
      // RFC 9449 §11.1: nor is the proof taken twice
      const again = await partner.redeem('app', await idJag(issuers.home), {}, proof);
      expect(outcome(again)).toEqual([400, 'invalid_dpop_proof']);
    });
  },
);

describe('reuse until it expires', () => {
  it('is taken where the settings say so', async () => {
    const often = await openPartner(issuers, {
      crossAppAccess: { reuse: 'until-expiry' },
      identityChaining: { reuse: 'until-expiry' },
    });
    try {
      const [assertion, chained] = [await idJag(issuers.home), await grant(issuers.home, { jti: undefined })];
      for (const [client, value] of [
        ['app', assertion],
        ['app', assertion],
        ['gateway', chained],
        ['gateway', chained],
      ] as const) {
        expect((await often.redeem(client, value)).status).toBe(200);
      }
    } finally {
      await often.close();
    }
  });
});
