import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, startTestServer, type TestIssuer, type TestServer } from '@onbehalf/testing';
import { decodeJwt } from 'jose';
import { Domain, HASH, now, SECRET } from './domain.fixture.js';
import { Home, homeFile } from './home.fixture.js';
import { ORDERS, PARTNER } from './partner.fixture.js';

type Claims = Readonly<Record<string, unknown>>;

/** How the products stand on the network, and what their ID-JAGs say. */
interface Product {
  readonly name: string;
  /** What the issuer identifier has behind its host. */
  readonly path: string;
  /** By path: what its metadata holds beside `issuer`. */
  readonly metadata: (issuer: string, jwksUri: string) => Readonly<Record<string, object>>;
  readonly claims: Claims;
}

const ID_JAG_SUPPORTED = { identity_chaining_requested_token_types_supported: [TokenType.IdJag] };

const PRODUCTS: readonly Product[] = [
  {
    // the organisation's server tells of its keys in one document, and of what else it can do in the other
    name: 'Okta',
    path: '',
    metadata: (_issuer, jwks_uri) => ({
      '/.well-known/openid-configuration': { jwks_uri, response_types_supported: ['code'] },
      '/.well-known/oauth-authorization-server': ID_JAG_SUPPORTED,
    }),
    claims: {
      ...{ sub: '00u16r2yk6xwTQxtK0h8', scope: 'order.read order.write', auth_time: now() - 30, amr: ['mfa', 'pwd'] },
      ...{ aud_tenant: '9be3b9a4', email: 'alice@partner.example' },
    },
  },
  {
    name: 'Okta, with the keys in the other document',
    path: '',
    metadata: (_issuer, jwks_uri) => ({
      '/.well-known/openid-configuration': ID_JAG_SUPPORTED,
      '/.well-known/oauth-authorization-server': { jwks_uri },
    }),
    claims: { sub: '00u16r2yk6xwTQxtK0h8', scope: 'order.read' },
  },
  {
    // an issuer with a slash at its end, which is part of its name
    name: 'Auth0',
    path: '/',
    metadata: (_issuer, jwks_uri) => ({ '/.well-known/openid-configuration': { jwks_uri } }),
    claims: { sub: 'auth0|5f7c8ec7c33c6c004bbafe82', scope: 'order.read', resource: ORDERS, acr: 'gold' },
  },
  {
    // a realm in the path, and the kind of its JWTs in a claim as well
    name: 'Keycloak',
    path: '/realms/partner',
    metadata: (_issuer, jwks_uri) => ({ '/realms/partner/.well-known/openid-configuration': { jwks_uri } }),
    claims: {
      ...{ sub: '7c0f3c1e-7a55-4a0b-8d3d-2f0c8b6a9d11', scope: 'openid order.read', resource: [ORDERS] },
      ...{ typ: 'oauth-id-jag+jwt', act: { sub: 'app-there' } },
    },
  },
  {
    name: 'the draft',
    path: '',
    metadata: (_issuer, jwks_uri) => ({ '/.well-known/oauth-authorization-server': { jwks_uri } }),
    claims: {
      sub: 'U019488227',
      scope: 'order.read',
      resource: ORDERS,
      auth_time: now() - 5,
      amr: ['mfa', 'phrh', 'hwk'],
    },
  },
];

const redeemer = { clientId: 'app', secret: SECRET, grantTypes: [GrantType.JwtBearer], defaultTarget: 'orders' };

describe.each(PRODUCTS)('an ID-JAG of the shape of $name', ({ path, metadata, claims }) => {
  let server: TestServer;
  let keys: TestIssuer;
  let issuer: string;
  let partner: Domain;

  beforeAll(async () => {
    keys = await createTestIssuer({ algorithm: 'RS256' });
    server = await startTestServer(({ path: asked }) => {
      if (asked === '/keys') return { body: keys.jwks };
      const document = metadata(issuer, `${server.url}/keys`)[asked];
      return document ? { body: { issuer, ...document } } : { status: 404 };
    });
    issuer = server.url + path;
    partner = await Domain.open(PARTNER, {
      crossAppAccess: {},
      resources: [{ audience: 'orders', resource: ORDERS, scopes: ['order.read', 'order.write'] }],
      trustedIssuers: [{ issuer, algorithms: ['RS256'], usages: ['id-jag'] }],
      clients: [redeemer],
      edges: [
        {
          client: 'app',
          subjectAudience: 'app',
          subjectTypes: [TokenType.IdJag],
          subjectIssuers: [issuer],
          target: 'orders',
          mode: 'delegation',
          scopes: { 'order.read': {}, 'order.write': {} },
        },
      ],
      users: [{ username: 'somebody', passwordHash: HASH }],
    });
  }, 60_000);
  afterAll(async () => {
    await partner?.close();
    await server?.close();
  });

  const idJag = (change: Claims = {}, header: Claims = {}): Promise<string> =>
    keys.token({
      header: { typ: 'oauth-id-jag+jwt', ...header },
      iss: issuer,
      aud: PARTNER,
      client_id: 'app',
      jti: randomUUID(),
      ...claims,
      ...change,
    });

  it('is redeemed by discovery, for the subject as its issuer knows it', async () => {
    const answer = await partner.redeem('app', await idJag(), { scope: 'order.read' });
    expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'order.read' });
    const { sub, iss, aud } = decodeJwt(String(answer.body['access_token']));
    expect([sub, iss, aud]).toEqual([`${issuer}#${String(claims['sub'])}`, PARTNER, 'orders']);
  });

  it.each<[string, Claims, Claims]>([
    ['with the issuer in the other spelling', { iss: 'slash' }, {}],
    ['as its access token', {}, { typ: 'JWT' }],
    ['for its own client there', { client_id: 'app-there' }, {}],
  ])('is refused %s', async (_case, change, header) => {
    const other = issuer.endsWith('/') ? issuer.slice(0, -1) : `${issuer}/`;
    const answer = await partner.redeem('app', await idJag(change['iss'] ? { iss: other } : change, header));
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant']);
  });
});

describe('what these products redeem', () => {
  it.each([
    ['Auth0', 'https://tenant.eu.auth0.com/', 'https://api.partner.example/'],
    ['Keycloak', 'https://sso.partner.example/realms/partner', 'https://api.partner.example/v1'],
    ['Okta', 'https://partner.okta.com/oauth2/aus1x2y3z', 'api://default'],
  ])('an ID-JAG for %s names it and its resource as it names itself', async (_product, audience, resource) => {
    const [edge] = homeFile.edges;
    const home = await Home.with({
      ...homeFile,
      resources: [...homeFile.resources, { audience, kind: 'authorization_server', scopes: ['order.read'] }],
      edges: [
        {
          ...edge,
          target: audience,
          scopes: { 'order.read': {} },
          crossAppAccess: { clientId: '0oa1', resources: [resource], users: 'all', subject: 'sub' },
        },
      ],
    });
    // as requesting applications ask: RFC 8693 with the parameters of the draft, and a slash more or less
    const answer = await home.idJag(await home.idToken(), { audience, resource, scope: 'order.read' });
    const bare = await home.idJag(await home.idToken(), {
      audience,
      resource: resource.replace(/(\.example)\/$/, '$1'),
    });
    await home.domain.close();
    expect(decodeJwt(String(answer.body['access_token']))).toMatchObject({
      aud: audience,
      client_id: '0oa1',
      resource,
      scope: 'order.read',
      sub: 'alice',
    });
    expect([answer.body['token_type'], answer.body['expires_in'], bare.status]).toEqual(['N_A', 300, 200]);
  });
});
