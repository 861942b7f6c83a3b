import { beforeAll, describe, expect, it } from '@jest/globals';
import { ACCESS_TOKEN_PROFILES } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { caseRegistrations, requirement } from '@onbehalf/testing-internal';
import { ExchangeLab } from '../exchange.fixture.js';
import type { ForeignIssuer } from '../index.js';

type Claims = Readonly<Record<string, unknown>>;
interface Shape {
  readonly id: Claims;
  readonly access: Claims;
}

/** What the test issuer adds and the products do not. */
const LEFT_OUT = { client_id: undefined, jti: undefined };
const plain = (claims: Claims): Claims => ({ ...LEFT_OUT, header: { typ: 'JWT' }, ...claims });
const untyped = (claims: Claims): Claims => ({ ...LEFT_OUT, header: { typ: undefined }, ...claims });

/**
 * ID tokens and access tokens that one server has signed with one key, as the products issue them. The ID tokens are even for the
 * service, which a client of the same name would make them.
 */
const SHAPES: Readonly<Record<'keycloak' | 'okta' | 'auth0' | 'entra' | 'cognito', Shape>> = {
  keycloak: {
    id: plain({
      ...{ auth_time: 1_700_000_000, jti: '7f1f8f0c-7c1e-47e1-a5b1-0a63c7b2a2a1', typ: 'ID', azp: 'user-service' },
      ...{ nonce: 'n-0S6_WzA2Mj', sid: '7c0f3c1e-7a55-4a0b-8d3d-2f0c8b6a9d11', at_hash: 'MTIzNDU2Nzg5MDEyMzQ1Ng' },
      ...{ acr: '1', email_verified: true, preferred_username: 'alice', email: 'alice@partner.example' },
    }),
    access: plain({
      ...{ auth_time: 1_700_000_000, jti: 'onrtac:03cd41ac-639d-6b40-b310-afff5927a4cb', typ: 'Bearer', azp: 'web' },
      ...{
        sid: '7c0f3c1e-7a55-4a0b-8d3d-2f0c8b6a9d11',
        acr: '1',
        scope: 'openid profile',
        preferred_username: 'alice',
      },
    }),
  },
  okta: {
    id: untyped({
      ...{ ver: 1, jti: 'ID.4x-rC9Lf6Vn1Yv0X', amr: ['pwd'], idp: '00o1', auth_time: 1_700_000_000, at_hash: 'h' },
      ...{ name: 'Alice', preferred_username: 'alice@partner.example' },
    }),
    access: untyped({
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4',
      cid: '0oaudmvvrqGHDFbY00g4',
      uid: '00uid4',
      scp: ['openid'],
    }),
  },
  auth0: {
    id: plain({ sid: 's', nonce: 'n', name: 'Alice', email: 'alice@partner.example', email_verified: true }),
    access: plain({ azp: 'my_client_id', scope: 'openid read:messages', permissions: ['read:messages'] }),
  },
  entra: {
    id: plain({ ver: '2.0', oid: '66f3', tid: '3338', rh: 'r', uti: 'u', nonce: 'n', preferred_username: 'alice' }),
    access: plain({ ver: '2.0', azp: '6731', azpacr: '1', oid: '66f3', tid: '3338', uti: 'u', scp: 'access_as_user' }),
  },
  cognito: {
    id: untyped({ token_use: 'id', auth_time: 1_700_000_000, origin_jti: 'o', jti: 'j', 'cognito:username': 'alice' }),
    access: untyped({ token_use: 'access', client_id: 'app', version: 2, scope: 'openid', jti: 'j', origin_jti: 'o' }),
  },
};

const ISSUER = 'https://partner.example';
let partner: TestIssuer;
beforeAll(async () => {
  partner = await createTestIssuer({ issuer: ISSUER, algorithm: 'RS256' });
});

const edge = {
  ...caseRegistrations.edges.find(({ client, target }) => client === 'user-service' && target === 'message-service')!,
  scopes: { 'message.read': {} },
  subjectIssuers: [ISSUER],
};
const openTo = (trust: Partial<ForeignIssuer>): Promise<ExchangeLab> =>
  ExchangeLab.open({ foreign: [{ ...partner, ...trust }] }, { edges: [edge] });
const jwt = async (claims: Claims) => ({
  subject_token: await partner.token({ sub: 'alice', aud: 'user-service', ...claims }),
  subject_token_type: TokenType.Jwt,
});
const refused = { code: 'invalid_request', rule: 'subject-token' };

describe.each(Object.entries(SHAPES))('tokens of the shape of %s', (product, { id, access }) => {
  const profile = ACCESS_TOKEN_PROFILES[product as keyof typeof SHAPES];

  it.each<[string, Partial<ForeignIssuer>]>([
    ['says nothing of its tokens', {}],
    ['is said to type them as JWT', { types: ['jwt'] }],
    ['has its profile', { profile }],
    ['has its profile, and is said to type them as JWT', { profile, types: ['jwt'] }],
  ])('an ID token is no subject token where the issuer %s', async (_case, trust) => {
    expect(await (await openTo(trust)).refusal(await jwt(id))).toMatchObject(refused);
  });

  it('an access token is one by its profile, and none where nothing is said', async () => {
    expect(await (await openTo({ profile })).claims(await jwt(access))).toMatchObject({ sub: `${ISSUER}#alice` });
    expect(await (await openTo({})).refusal(await jwt(access))).toMatchObject(refused);
  });
});

describe(requirement('RFC8725-3.12', 'validation rules for different kinds of JWTs MUST be mutually exclusive'), () => {
  it.each<[string, Claims]>([
    ['of Keycloak', SHAPES.keycloak.access],
    ['of Auth0', SHAPES.auth0.access],
    ['of Cognito', SHAPES.cognito.access],
    ['with client_id', plain({ client_id: 'web' })],
    ['with scope alone', untyped({ scope: 'read' })],
  ])('an access token %s tells what it is by its claims, where typ does not', async (_case, claims) => {
    expect(await (await openTo({ types: ['jwt'] })).claims(await jwt(claims))).toMatchObject({
      sub: `${ISSUER}#alice`,
    });
  });

  it.each<[string, Claims]>([
    ['has nothing that tells', plain({})],
    ['is for the client that it was issued to', plain({ azp: 'user-service', scope: 'openid' })],
    ['is for that client alone, in a list', plain({ azp: 'user-service', aud: ['user-service'], scope: 'openid' })],
    ['has a nonce', plain({ scope: 'openid', nonce: 'n' })],
    ['has at_hash', plain({ client_id: 'web', at_hash: 'h' })],
    ['has c_hash', plain({ client_id: 'web', c_hash: 'h' })],
    ['has s_hash', plain({ client_id: 'web', s_hash: 'h' })],
    ['is an event', plain({ client_id: 'web', events: {} })],
    ['is a refresh token of Keycloak', plain({ typ: 'Refresh', azp: 'web', scope: 'openid' })],
    ['is an offline token of Keycloak', plain({ typ: 'Offline', azp: 'web', scope: 'openid' })],
    ['is of no kind of Keycloak', plain({ typ: ['Bearer'], scope: 'openid' })],
    ['is of another use at Cognito', plain({ token_use: 'refresh', scope: 'openid' })],
    ['is an ID-JAG', plain({ header: { typ: 'oauth-id-jag+jwt' }, client_id: 'web' })],
  ])('a JWT that %s is no subject token', async (_case, claims) => {
    expect(await (await openTo({ types: ['jwt'] })).refusal(await jwt(claims))).toMatchObject(refused);
  });
});

describe('an issuer that says what its subject tokens have', () => {
  const workload = plain({ repository: 'partner/build', workflow: 'release' });

  it('is taken by that word', async () => {
    const open = await openTo({ types: ['jwt'], requiredClaims: ['repository'] });
    expect(await open.claims(await jwt(workload))).toMatchObject({ sub: `${ISSUER}#alice` });
    expect(await (await openTo({ types: ['jwt'] })).refusal(await jwt(workload))).toMatchObject(refused);
  });

  it.each<[string, Claims]>([
    ['lacks it', plain({ workflow: 'release', client_id: 'web' })],
    ['has it and is an ID token', plain({ repository: 'partner/build', nonce: 'n' })],
  ])('is not taken for a token that %s', async (_case, claims) => {
    const open = await openTo({ types: ['jwt'], requiredClaims: ['repository'] });
    expect(await open.refusal(await jwt(claims))).toMatchObject(refused);
  });

  it('is held to it by every type and profile', async () => {
    const { access } = SHAPES.keycloak;
    for (const trust of [{ profile: ACCESS_TOKEN_PROFILES.keycloak }, {}]) {
      const open = await openTo({ ...trust, requiredClaims: ['department'] });
      const token = 'profile' in trust ? access : {};
      expect(await open.refusal(await jwt(token))).toMatchObject(refused);
      expect(await open.claims(await jwt({ ...token, department: 'd' }))).toMatchObject({ sub: `${ISSUER}#alice` });
    }
  });
});

describe('whom this server trusts', () => {
  it('is told to nobody who has no signature of theirs', async () => {
    const open = await openTo({});
    const stranger = await createTestIssuer({ issuer: ISSUER, algorithm: 'RS256' });
    const [header, payload] = (await partner.token()).split('.');
    const tokens = [
      await stranger.token(),
      await stranger.token({ header: { kid: partner.jwks.keys[0]!.kid } }),
      await stranger.token({ iss: 'https://unknown.example' }),
      `${Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', crit: ['x'], x: 1 })).toString('base64url')}.${payload}.AAAA`,
      await (await createTestIssuer({ issuer: ISSUER, algorithm: 'ES256' })).token(),
      `${header}.${payload}.AAAA`,
    ];
    const refusals = await Promise.all(
      tokens.map((token) => open.refusal({ subject_token: token, subject_token_type: TokenType.Jwt })),
    );
    expect(new Set(refusals.map(({ description }) => description)).size).toBe(1);
    // the record says what it was
    expect(new Set(refusals.map(({ reason }) => reason)).size).toBeGreaterThan(3);
  });
});
