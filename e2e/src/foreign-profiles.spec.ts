import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer, type TokenOverrides } from '@onbehalf/testing';
import { type Answer, basic, postForm } from '@onbehalf/testing-internal';
import { InProcessServer, makeShared, type Shared } from './in-process-server.js';

/** Access tokens of Spring Authorization Server as it is set up by default: no `typ`, scopes as a list, no client. */
const SPRING = {
  header: { typ: undefined },
  client_id: undefined,
  nbf: 1_700_000_000,
  scope: ['user.read', 'profile'],
};

/** What tokens of Keycloak have, whatever their kind, which stands in a claim. */
const KEYCLOAK = {
  header: { typ: 'JWT' },
  client_id: undefined,
  azp: 'app',
  sid: '7c0f3c1e-7a55-4a0b-8d3d-2f0c8b6a9d11',
  scope: 'user.read',
};

describe('trusted issuers with tokens of their own shape', () => {
  let shared: Shared;
  let server: InProcessServer;
  let spring: TestIssuer;
  let plain: TestIssuer;
  let okta: TestIssuer;

  beforeAll(async () => {
    const issuer = (name: string) => createTestIssuer({ issuer: `https://${name}.example`, audience: 'app' });
    [spring, plain, okta] = (await Promise.all(['spring', 'plain', 'okta'].map(issuer))) as [
      TestIssuer,
      TestIssuer,
      TestIssuer,
    ];
    const trusted = ({ issuer: name, jwks }: TestIssuer) => ({ issuer: name, jwks, algorithms: ['ES256'] });
    const config = {
      resources: [
        { audience: 'app', scopes: ['user.read'] },
        { audience: 'api', scopes: ['message.read'] },
      ],
      clients: [
        {
          clientId: 'app',
          secret: 'a secret for the tests',
          grantTypes: [GrantType.TokenExchange],
          represents: ['app'],
        },
      ],
      edges: [
        {
          ...{
            client: 'app',
            subjectAudience: 'app',
            target: 'api',
            mode: 'delegation',
            subjectTypes: [TokenType.Jwt],
          },
          subjectIssuers: [spring.issuer, plain.issuer, okta.issuer],
          scopes: { 'message.read': { requires: ['user.read'] } },
        },
      ],
      trustedIssuers: [
        { ...trusted(spring), profile: 'spring' },
        { ...trusted(plain), types: ['JWT', 'application/at+jwt'] },
        { ...trusted(okta), profile: 'okta' },
      ],
    };
    shared = await makeShared();
    server = await InProcessServer.start(config, shared);
  });

  afterAll(async () => {
    await server.stop();
    await shared.store.close();
  });

  async function exchange(issuer: TestIssuer, token: TokenOverrides): Promise<Answer> {
    const subject = { subject_token: await issuer.token(token), subject_token_type: TokenType.Jwt };
    const fields = { grant_type: GrantType.TokenExchange, ...subject, audience: 'api', scope: 'message.read' };
    const authorization = basic('app', 'a secret for the tests');
    return postForm(`${server.issuer}/oauth2/token`, fields, { authorization });
  }

  it.each<[string, () => TestIssuer, TokenOverrides]>([
    ['of Spring, without typ', () => spring, SPRING],
    ['of Spring, typed JWT', () => spring, { ...SPRING, header: { typ: 'JWT' } }],
    ['of Spring, typed at+jwt', () => spring, { ...SPRING, header: { typ: 'at+jwt' } }],
    ['of Spring, with its scopes in one string', () => spring, { ...SPRING, scope: 'profile user.read' }],
    ['of Okta', () => okta, { header: { typ: undefined }, ver: 1, cid: 'c', client_id: undefined, scp: ['user.read'] }],
    ['of Keycloak, where types lets JWT in', () => plain, { ...KEYCLOAK, typ: 'Bearer' }],
    ['of another, typed JWT where types says so', () => plain, { header: { typ: 'JWT' }, scope: 'user.read' }],
    ['of another, typed application/at+jwt', () => plain, { header: { typ: 'AT+JWT' }, scope: 'user.read' }],
  ])('an access token %s is exchanged', async (_, issuer, token) => {
    const { status, body } = await exchange(issuer(), token);
    expect([status, body['scope']]).toEqual([200, 'message.read']);
  });

  it.each<[string, () => TestIssuer, TokenOverrides, string]>([
    [
      'an ID token of Keycloak where types lets JWT in',
      () => plain,
      { ...KEYCLOAK, typ: 'ID', at_hash: 'h' },
      'invalid_request',
    ],
    ['a refresh token of Keycloak', () => plain, { ...KEYCLOAK, typ: 'Refresh' }, 'invalid_request'],
    [
      'a JWT that does not tell what it is',
      () => plain,
      { ...KEYCLOAK, typ: undefined, scope: undefined },
      'invalid_request',
    ],
    ['an ID token of Spring', () => spring, { ...SPRING, azp: 'app', nonce: 'n' }, 'invalid_request'],
    ['an ID token of Spring with a session', () => spring, { ...SPRING, sid: 's' }, 'invalid_request'],
    ['a token of Spring without nbf', () => spring, { ...SPRING, nbf: undefined }, 'invalid_request'],
    ['a logout token of Spring', () => spring, { ...SPRING, header: { typ: 'logout+jwt' } }, 'invalid_request'],
    ['a token of Spring without a name', () => spring, { ...SPRING, jti: undefined }, 'invalid_request'],
    ['a list of scopes with a number', () => spring, { ...SPRING, scope: ['user.read', 1] }, 'invalid_request'],
    ['a list with two scopes in one string', () => spring, { ...SPRING, scope: ['a user.read'] }, 'invalid_request'],
    ['a list without the scope that is required', () => spring, { ...SPRING, scope: ['profile'] }, 'invalid_scope'],
    ['a list of scopes where no profile says so', () => plain, { scope: ['user.read'] }, 'invalid_request'],
    ['a token of Spring by the rules of Okta', () => okta, { ...SPRING, ver: 1 }, 'invalid_request'],
  ])('%s is refused', async (_, issuer, token, error) => {
    const { status, body } = await exchange(issuer(), token);
    expect([status, body['error']]).toEqual([400, error]);
  });
});
