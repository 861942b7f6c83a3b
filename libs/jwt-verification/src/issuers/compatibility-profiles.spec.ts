import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { ACCESS_TOKEN_PROFILES, type AccessTokenProfileName } from './compatibility-profiles.js';
import { toRfc9068Claims, verifyAccessToken } from '../verification/verify-access-token.js';
import { verifyJwt } from '../verification/verify-jwt.js';

/** `undefined` leaves a claim of the test issuer out. */
type Claims = Record<string, unknown>;

const withoutRfc9068 = { client_id: undefined, jti: undefined, scope: undefined };

/** Access tokens as the vendors' documentation and servers show them, personal data replaced. */
const ACCESS_TOKENS: Record<Exclude<AccessTokenProfileName, 'rfc9068'>, [string, Claims, Claims][]> = {
  keycloak: [
    [
      'of a user',
      {
        ...withoutRfc9068,
        header: { typ: 'JWT' },
        jti: 'onrtac:4f1b8f0c-7c1e-47e1-a5b1-0a63c7b2a2a1',
        typ: 'Bearer',
        azp: 'client-app',
        sid: '7c0f3c1e-7a55-4a0b-8d3d-2f0c8b6a9d11',
        acr: '1',
        aud: ['service', 'account'],
        'allowed-origins': ['https://app.example.com'],
        realm_access: { roles: ['offline_access'] },
        scope: 'openid profile message.read',
        preferred_username: 'baeldung',
      },
      { clientId: 'client-app', scopes: ['openid', 'profile', 'message.read'] },
    ],
    [
      'of a service account',
      {
        ...withoutRfc9068,
        header: { typ: 'JWT' },
        jti: 'trrtcc:0c8a',
        typ: 'Bearer',
        azp: 'user-service',
        client_id: 'user-service',
        clientHost: '10.0.0.7',
        scope: 'message.read',
      },
      { clientId: 'user-service', scopes: ['message.read'] },
    ],
    [
      'bound by DPoP, typed at+jwt by client policy',
      { ...withoutRfc9068, jti: 'j', typ: 'DPoP', azp: 'client-app', scope: '', cnf: { jkt: 'thumbprint' } },
      { clientId: 'client-app', scopes: [] },
    ],
  ],
  auth0: [
    [
      'of a user',
      {
        ...withoutRfc9068,
        header: { typ: 'JWT' },
        sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
        aud: ['service', 'https://tenant.auth0.test/userinfo'],
        azp: 'my_client_id',
        scope: 'openid read:messages',
        permissions: ['read:messages'],
      },
      { clientId: 'my_client_id', scopes: ['openid', 'read:messages'] },
    ],
    [
      'of a machine',
      {
        ...withoutRfc9068,
        header: { typ: 'JWT' },
        sub: 'my_client_id@clients',
        azp: 'my_client_id',
        gty: 'client-credentials',
      },
      { clientId: 'my_client_id', scopes: [] },
    ],
    [
      'on behalf of a user',
      { ...withoutRfc9068, header: { typ: 'JWT' }, azp: 'api-client', act: { sub: 'api-client' } },
      { clientId: 'api-client', actors: [{ sub: 'api-client' }] },
    ],
  ],
  entra: [
    [
      'version 2.0 with delegated permissions',
      {
        ...withoutRfc9068,
        header: { typ: 'JWT' },
        ver: '2.0',
        azp: '6731de76-14a6-49ae-97bc-6eba6914391e',
        azpacr: '1',
        oid: '00000000-0000-0000-66f3-3332eca7ea81',
        tid: '3338040d-6c67-4c5b-b112-36a304b66dad',
        scp: 'access_as_user Message.Read',
        uti: 'uti-1',
        rh: 'r',
      },
      {
        clientId: '6731de76-14a6-49ae-97bc-6eba6914391e',
        scopes: ['access_as_user', 'Message.Read'],
        jwtId: 'uti-1',
      },
    ],
    [
      'version 1.0',
      { ...withoutRfc9068, header: { typ: 'JWT' }, ver: '1.0', appid: 'app', appidacr: '0', scp: 'a', uti: 'u' },
      { clientId: 'app', scopes: ['a'] },
    ],
    [
      'of an application',
      {
        ...withoutRfc9068,
        header: { typ: 'JWT' },
        ver: '2.0',
        azp: 'daemon',
        idtyp: 'app',
        roles: ['Message.Read.All'],
        uti: 'u',
      },
      { clientId: 'daemon', scopes: [] },
    ],
  ],
  okta: [
    [
      'of a user, without typ',
      {
        ...withoutRfc9068,
        header: { typ: undefined },
        ver: 1,
        jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
        cid: '0oaudmvvrqGHDFbY00g4',
        uid: '00uid4BxXw6I6TV4m0g3',
        scp: ['openid', 'message.read'],
        sub: 'baeldung@example.com',
      },
      { clientId: '0oaudmvvrqGHDFbY00g4', scopes: ['openid', 'message.read'] },
    ],
  ],
  spring: [
    [
      'as it comes by default, for the client itself',
      {
        ...withoutRfc9068,
        header: { typ: undefined },
        sub: 'baeldung',
        aud: 'service',
        nbf: 1_700_000_000,
        scope: ['message.read', 'profile'],
        jti: '0c8a1b9e-7d2e-4a0f-a4f1-2f8f5f1c2b3a',
      },
      { clientId: 'service', scopes: ['message.read', 'profile'] },
    ],
    [
      'for a service beside the client, typed',
      {
        ...withoutRfc9068,
        header: { typ: 'JWT' },
        aud: ['service', 'client-app'],
        nbf: 1_700_000_000,
        scope: 'message.read',
        jti: 'j',
      },
      { clientId: 'client-app', audiences: ['service', 'client-app'], scopes: ['message.read'] },
    ],
  ],
  cognito: [
    [
      'of a user, for an app client',
      {
        ...withoutRfc9068,
        header: { typ: undefined },
        aud: undefined,
        client_id: 'service',
        token_use: 'access',
        version: 2,
        scope: 'openid messages/read',
        'cognito:groups': ['readers'],
        jti: 'b3b1c7de',
        origin_jti: 'aaaa',
        event_id: 'e',
        auth_time: 1_700_000_000,
        username: 'baeldung',
      },
      { clientId: 'service', audiences: ['service'], scopes: ['openid', 'messages/read'] },
    ],
    [
      'for a resource that the client asked for',
      { ...withoutRfc9068, header: { typ: undefined }, client_id: 'app', token_use: 'access', jti: 'j' },
      { clientId: 'app', audiences: ['service'] },
    ],
  ],
  supabase: [
    [
      'of a session',
      {
        ...withoutRfc9068,
        header: { typ: 'JWT' },
        role: 'authenticated',
        aal: 'aal1',
        amr: [{ method: 'password', timestamp: 1_700_000_000 }],
        session_id: '8a4f8b0c-7c1e-47e1-a5b1-0a63c7b2a2a1',
        is_anonymous: false,
        email: 'baeldung@example.com',
      },
      { clientId: 'service', scopes: [] },
    ],
  ],
};

/** Other JWTs of the same issuer, which must not pass for access tokens. */
const OTHER_TOKENS: [AccessTokenProfileName, string, Claims][] = [
  ['rfc9068', 'an access token without typ', { header: { typ: undefined } }],
  ['rfc9068', 'an access token with typ JWT', { header: { typ: 'JWT' } }],
  ['rfc9068', 'an empty typ', { header: { typ: '' } }],
  ['rfc9068', 'a typ of application/ alone', { header: { typ: 'application/' } }],
  ['rfc9068', 'a list of scopes', { scope: ['a'] }],
  ['keycloak', 'an ID token', { header: { typ: 'JWT' }, typ: 'ID', azp: 'client-app' }],
  ['keycloak', 'a refresh token', { header: { typ: 'JWT' }, typ: 'Refresh', azp: 'client-app' }],
  ['keycloak', 'an offline token', { header: { typ: 'JWT' }, typ: 'Offline', azp: 'client-app' }],
  ['keycloak', 'a logout token', { header: { typ: 'JWT' }, typ: 'Logout', events: {} }],
  ['keycloak', 'a logout token typed as such', { header: { typ: 'logout+jwt' }, typ: 'Bearer', azp: 'client-app' }],
  ['keycloak', 'a token without a kind', { header: { typ: 'JWT' }, azp: 'client-app' }],
  ['keycloak', 'a kind that is a list', { header: { typ: 'JWT' }, typ: ['Bearer'], azp: 'client-app' }],
  ['auth0', 'an ID token with nonce', { ...withoutRfc9068, header: { typ: 'JWT' }, azp: 'a', nonce: 'n' }],
  ['auth0', 'an ID token without client', { ...withoutRfc9068, header: { typ: 'JWT' } }],
  ['auth0', 'a logout token', { ...withoutRfc9068, header: { typ: 'JWT' }, azp: 'a', events: {} }],
  ['entra', 'an ID token', { ...withoutRfc9068, header: { typ: 'JWT' }, ver: '2.0', azp: 'a', uti: 'u' }],
  [
    'entra',
    'an ID token with scp and nonce',
    { ...withoutRfc9068, header: { typ: 'JWT' }, ver: '2.0', azp: 'a', uti: 'u', scp: 'a', nonce: 'n' },
  ],
  ['entra', 'scopes as a list', { header: { typ: 'JWT' }, ver: '2.0', azp: 'a', uti: 'u', scp: ['a'] }],
  ['okta', 'an ID token', { ...withoutRfc9068, header: { typ: undefined }, ver: 1, jti: 'ID.1', at_hash: 'h' }],
  ['okta', 'a token without client', { ...withoutRfc9068, header: { typ: undefined }, ver: 1, jti: 'AT.1' }],
  ['okta', 'scopes in one string', { header: { typ: undefined }, ver: 1, cid: 'c', scp: 'a b' }],
  ['okta', 'a list with two scopes in one string', { header: { typ: undefined }, ver: 1, cid: 'c', scp: ['a b'] }],
  ['spring', 'an ID token', { header: { typ: undefined }, azp: 'client-app', nbf: 1, nonce: 'n' }],
  ['spring', 'an ID token of a customizer that serves both kinds', { header: { typ: undefined }, nbf: 1, sid: 's' }],
  ['spring', 'an ID token without nbf', { header: { typ: undefined }, sub: 'baeldung' }],
  ['spring', 'a logout token', { header: { typ: 'logout+jwt' }, nbf: 1 }],
  ['cognito', 'an ID token', { header: { typ: undefined }, token_use: 'id' }],
  ['cognito', 'a token of no use', { header: { typ: undefined } }],
  ['cognito', 'a token for another app client', { header: { typ: undefined }, aud: undefined, token_use: 'access' }],
  [
    'cognito',
    'a token for another resource by an app client that is served',
    { header: { typ: undefined }, aud: 'other', client_id: 'service', token_use: 'access' },
  ],
  ['supabase', 'a token of no session', { header: { typ: 'JWT' }, role: 'service_role' }],
  ['supabase', 'an ID token', { header: { typ: 'JWT' }, role: 'authenticated', session_id: 's', nonce: 'n' }],
  ['okta', 'a list with a number', { header: { typ: undefined }, ver: 1, cid: 'c', scp: [1] }],
];

describe('access token profiles', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await createTestIssuer({ algorithm: 'RS256' });
  });

  const verify = async (profile: AccessTokenProfileName, claims: Claims) =>
    verifyAccessToken(await issuer.token(claims), {
      issuers: [{ ...issuer, profile: ACCESS_TOKEN_PROFILES[profile] }],
      audiences: ['service'],
    });

  describe.each(Object.entries(ACCESS_TOKENS))('%s', (profile, tokens) => {
    it.each(tokens)('accepts an access token %s', async (_case, claims, expected) => {
      await expect(verify(profile as AccessTokenProfileName, claims)).resolves.toMatchObject(expected);
    });

    it.each(tokens)('is needed for an access token %s', async (_case, claims) => {
      await expect(verify('rfc9068', claims)).rejects.toMatchObject({ name: 'TokenRejection' });
    });
  });

  it.each(OTHER_TOKENS)('%s refuses %s', async (profile, _case, claims) => {
    await expect(verify(profile, claims)).rejects.toMatchObject({ name: 'TokenRejection' });
  });

  it.each<[AccessTokenProfileName, Claims, Claims]>([
    ['spring', { header: { typ: 'JWT' }, nbf: 1, scope: ['a', 'b'] }, { scope: 'a b', client_id: undefined }],
    ['okta', { header: { typ: 'JWT' }, ver: 1, cid: 'c', scp: ['a'] }, { scope: 'a', client_id: 'c', aud: 'service' }],
    [
      'auth0',
      { header: { typ: 'JWT' }, azp: 'a' },
      { scope: '', client_id: 'a', jti: expect.stringMatching(/^sha-256:/) },
    ],
    [
      'cognito',
      { header: { typ: 'JWT' }, aud: undefined, client_id: 'c', token_use: 'access', jti: 'j' },
      { aud: 'c', jti: 'j' },
    ],
  ])('the claims of %s are told in the words of RFC 9068', async (profile, claims, expected) => {
    const token = await issuer.token({ ...withoutRfc9068, jti: 'j', ...claims });
    const issuers = [{ ...issuer, profile: ACCESS_TOKEN_PROFILES[profile] }];
    expect(toRfc9068Claims(token, await verifyJwt(token, { issuers }))).toMatchObject(expected);
  });

  it('identifies a token without jti by what its issuer signed', async () => {
    const claims = { ...withoutRfc9068, header: { typ: 'JWT' }, azp: 'a' };
    const [one, other] = await Promise.all([verify('auth0', claims), verify('auth0', { ...claims, sub: 'other' })]);
    expect(one.jwtId).toMatch(/^sha-256:[\w-]{43}$/);
    expect(other.jwtId).not.toBe(one.jwtId);
  });
});
