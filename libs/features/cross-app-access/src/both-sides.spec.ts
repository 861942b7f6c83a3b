import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Post, UseGuards, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AGENT_CLAIM, GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { AccessTokenGuard, NoAgents, ResourceServerModule } from '@onbehalf/resource-server';
import { decodeJwt, type JWK } from 'jose';
import request from 'supertest';
import { Domain, now, type Answer } from './domain.fixture.js';
import { Home, HOME, samlAssertion } from './home.fixture.js';
import { BILLING, idJag, PARTNER, partnerFileFor, testIssuers, type Issuers } from './partner.fixture.js';

const outcome = ({ status, body }: Answer): unknown[] => [status, body['error']];
const issued = ({ body }: Answer): string => String(body['access_token']);

const IDENTITY = { sub: 'u1', email: 'alice@home.example', email_verified: true };

@Controller('orders')
@UseGuards(AccessTokenGuard)
class OrderController {
  @Post('read')
  read(): string {
    return 'read';
  }

  @Post('by-hand')
  @NoAgents()
  byHand(): string {
    return 'signed';
  }
}

let home: Home;
let partner: Domain;
let issuers: Issuers;
beforeAll(async () => {
  home = await Home.open();
  issuers = await testIssuers();
  partner = await Domain.open(PARTNER, partnerFileFor(home.domain.trusted, issuers));
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

describe("an AI agent's token in another domain", () => {
  const agent = { sub: 'assistant', sub_profile: 'ai_agent' };
  let guard: INestApplication<Server>;
  beforeAll(async () => {
    const { issuer, jwks } = partner.trusted;
    const resourceServer = ResourceServerModule.forRoot({
      issuers: [{ issuer, jwks: jwks as { keys: JWK[] }, algorithms: ['ES256'] }],
      audience: ['orders', 'billing'],
    });
    const testing = Test.createTestingModule({ imports: [resourceServer], controllers: [OrderController] });
    guard = (await testing.compile()).createNestApplication<INestApplication<Server>>({ logger: false });
    await guard.init();
  });
  afterAll(() => guard?.close());

  const statusAt = async (path: string, token: string): Promise<number> =>
    (await request(guard.getHttpServer()).post(path).set('authorization', `Bearer ${token}`)).status;
  const byChaining = async (claims: object): Promise<string> =>
    issued(await partner.redeem('gateway', issued(await home.chain(await home.domain.accessToken({ ...claims })))));
  const byIdJag = async (claims: object): Promise<string> =>
    issued(await partner.redeem('app', await idJag(issuers.home, { jti: randomUUID(), ...claims })));

  it.each<[string, (claims: object) => Promise<string>, object, boolean]>([
    ['the agent that acts, by chaining', byChaining, { act: agent }, true],
    ['the agent that acts, by an ID-JAG', byIdJag, { act: agent }, true],
    ['an agent two hops before without a mark, by an ID-JAG', byIdJag, { act: { sub: 'web', act: agent } }, true],
    ['what only the mark tells of, by chaining', byChaining, { act: { sub: 'web' }, [AGENT_CLAIM]: true }, true],
    ['what only the mark tells of, by an ID-JAG', byIdJag, { [AGENT_CLAIM]: true }, true],
    ['an agent as the subject, by an ID-JAG', byIdJag, { sub_profile: 'ai_agent' }, true],
    ['nobody of that kind, by chaining', byChaining, { act: { sub: 'web' } }, false],
    ['nobody of that kind, by an ID-JAG', byIdJag, {}, false],
  ])('tells of %s', async (_name, cross, claims, isAgents) => {
    const token = await cross(claims);
    expect(decodeJwt(token)[AGENT_CLAIM]).toBe(isAgents ? true : undefined);
    expect(await statusAt('/orders/read', token)).toBe(201);
    expect(await statusAt('/orders/by-hand', token)).toBe(isAgents ? 403 : 201);
    const exchanged = {
      grant_type: GrantType.TokenExchange,
      subject_token: token,
      subject_token_type: TokenType.AccessToken,
      audience: 'billing',
    };
    const further = issued(await partner.token('orders-service', exchanged));
    expect(decodeJwt(further)[AGENT_CLAIM]).toBe(isAgents ? true : undefined);
    expect(await statusAt('/orders/by-hand', further)).toBe(isAgents ? 403 : 201);
  });

  it.each<unknown>(['no', false, 1, null])('is refused where the mark is none: %j', async (mark) => {
    const assertion = await idJag(issuers.home, { jti: randomUUID(), [AGENT_CLAIM]: mark });
    expect(outcome(await partner.redeem('app', assertion))).toEqual([400, 'invalid_grant']);
  });
});
