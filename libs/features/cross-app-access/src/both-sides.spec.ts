import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt } from 'jose';
import { Domain, now, type Answer } from './domain.fixture.js';
import { Home, HOME, samlAssertion } from './home.fixture.js';
import { BILLING, PARTNER, partnerFileFor, testIssuers } from './partner.fixture.js';

const outcome = ({ status, body }: Answer): unknown[] => [status, body['error']];
const issued = ({ body }: Answer): string => String(body['access_token']);

const IDENTITY = { sub: 'u1', email: 'alice@home.example', email_verified: true };

let home: Home;
let partner: Domain;
beforeAll(async () => {
  home = await Home.open();
  partner = await Domain.open(PARTNER, partnerFileFor(home.domain.trusted, await testIssuers()));
}, 60_000);
afterAll(async () => {
  await home?.domain.close();
  await partner?.close();
});

describe('what one server issues, and the other redeems', () => {
  it.each([
    ['an ID token', () => home.idToken({ exp: now() + 90 }), TokenType.IdToken, 'web'],
    ['a SAML assertion', () => samlAssertion(), TokenType.Saml2, 'legacy'],
  ])('%s by way of an ID-JAG: the user there, no more than was asked for, and all who act', async (...given) => {
    const [, subjectOf, subject_token_type, client] = given;
    const jag = issued(await home.idJag(await subjectOf(), { subject_token_type, scope: 'order.read' }, client));
    expect(outcome(await partner.redeem('other-app', jag))).toEqual([400, 'invalid_grant']);
    expect(outcome(await partner.redeem('app', jag, { scope: 'order.write' }))).toEqual([400, 'invalid_scope']);
    expect(outcome(await partner.redeem('app', jag, { resource: BILLING }))).toEqual([400, 'invalid_target']);
    const answer = await partner.redeem('app', jag);
    expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'order.read' });
    const [claims, { exp }] = [decodeJwt(issued(answer)), decodeJwt(jag)];
    expect(claims).toMatchObject({ iss: PARTNER, sub: 'b.alice', aud: 'orders', client_id: 'app' });
    expect(claims['act']).toEqual({ sub: 'app', iss: PARTNER, act: { sub: client, iss: HOME } });
    expect(claims.exp).toBeLessThanOrEqual(exp!);
    expect(outcome(await partner.redeem('app', jag))).toEqual([400, 'invalid_grant']);
  });

  it('neither for a public client, which anybody can be', async () => {
    const post = { headers: { authorization: '' } };
    const asked = await home.idJag(await home.idToken({ aud: 'public' }), { client_id: 'public' }, 'public', post);
    expect(outcome(asked)).toEqual([400, 'unauthorized_client']);
    const jag = await home.domain.sign({ ...IDENTITY, aud: PARTNER, client_id: 'public' }, 'oauth-id-jag+jwt');
    expect(outcome(await partner.redeem('public', jag, { client_id: 'public' }, post))).toEqual([
      400,
      'unauthorized_client',
    ]);
    // of a client that has proven itself it is as good as any
    const proven = await home.domain.sign({ ...IDENTITY, aud: PARTNER, client_id: 'app' }, 'oauth-id-jag+jwt');
    expect((await partner.redeem('app', proven)).status).toBe(200);
  });

  it('an access token by chaining: the same', async () => {
    const grant = issued(await home.chain(await home.domain.accessToken({ act: { sub: 'web' } })));
    const claims = decodeJwt(issued(await partner.redeem('gateway', grant)));
    expect(claims).toMatchObject({ sub: 'b.alice', aud: 'orders', scope: 'order.read' });
    const there = { sub: 'api', iss: HOME, act: { sub: 'web', iss: HOME } };
    expect(claims['act']).toEqual({ sub: 'gateway', iss: PARTNER, act: there });
    expect(claims.exp).toBeLessThanOrEqual(decodeJwt(grant).exp!);
  });
});
