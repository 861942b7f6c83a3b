import { randomUUID } from 'node:crypto';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer, type TokenOverrides } from '@onbehalf/testing';
import { Domain, HASH, SECRET } from './domain.fixture.js';

/** The domain that redeems what others issue. */
export const PARTNER = 'http://localhost:9002';
export const ORDERS = 'https://orders.example/api';
export const BILLING = 'https://billing.example/api';

const client = (clientId: string, grantTypes: readonly string[], more: object = {}) => ({
  clientId,
  secret: SECRET,
  grantTypes,
  ...more,
});
const user = (username: string, email: string, more: object = {}) => ({ username, passwordHash: HASH, email, ...more });
const opens = (name: string, target: string, subjectTypes: readonly string[], subjectIssuers: readonly string[]) => ({
  client: name,
  subjectAudience: name,
  subjectTypes,
  subjectIssuers,
  target,
  mode: 'delegation',
  scopes: target === 'orders' ? { 'order.read': {}, 'order.write': {} } : { 'bill.read': {} },
});

/**
 * Those whom the partner trusts: `home` for ID-JAGs and grants, `other` for ID-JAGs of other people, `workloads` for exchanges,
 * `chainer` for grants alone, `hotel` for one of its tenants, `bank` as `home`. Nobody trusts `stranger`.
 */
export const NAMES = ['home', 'other', 'workloads', 'chainer', 'hotel', 'bank', 'stranger'] as const;
export type Issuers = Readonly<Record<(typeof NAMES)[number], TestIssuer>>;

/** What an ID-JAG of the home says of Alice, unless told otherwise. */
const ID_JAG: TokenOverrides = {
  aud: PARTNER,
  client_id: 'app',
  sub: '00u1',
  email: 'alice@home.example',
  email_verified: true,
  scope: 'order.read',
  resource: ORDERS,
};

export const idJag = (issuer: TestIssuer, { header, ...claims }: TokenOverrides = {}): Promise<string> =>
  issuer.token({ ...ID_JAG, header: { typ: 'oauth-id-jag+jwt', ...header }, jti: randomUUID(), ...claims });

export const grant = (issuer: TestIssuer, { header, ...claims }: TokenOverrides = {}): Promise<string> =>
  issuer.token({ ...ID_JAG, client_id: undefined, header: { typ: 'JWT', ...header }, jti: randomUUID(), ...claims });

export async function testIssuers(): Promise<Issuers> {
  const all = await Promise.all(NAMES.map((name) => createTestIssuer({ issuer: `https://${name}.example` })));
  return Object.fromEntries(NAMES.map((name, index) => [name, all[index]!])) as unknown as Issuers;
}

export function partnerFile({ home, other, workloads, chainer, hotel, bank }: Issuers, settings: object = {}): object {
  const trusted = ({ issuer, jwks }: TestIssuer, usages: readonly string[], more: object = {}) => ({
    issuer,
    jwks,
    algorithms: ['ES256'],
    usages,
    ...more,
  });
  const byEmail = (...domains: readonly string[]) => ({ subject: { claim: 'email', to: 'account', domains } });
  const { issuer: from } = home;
  return {
    identityChaining: {},
    crossAppAccess: {},
    resources: [
      { audience: 'orders', resource: ORDERS, scopes: ['order.read', 'order.write'] },
      { audience: 'billing', resource: BILLING, scopes: ['bill.read'] },
      { audience: 'https://third.example', kind: 'authorization_server', scopes: ['order.read'] },
      { audience: 'auth-server', scopes: ['audit.read', 'registrations.read', 'registrations.write'] },
    ],
    trustedIssuers: [
      trusted(home, ['id-jag', 'jwt-bearer'], byEmail('home.example')),
      trusted(other, ['id-jag'], byEmail('other.example')),
      trusted(workloads, ['exchange']),
      trusted(chainer, ['jwt-bearer'], byEmail('home.example')),
      trusted(hotel, ['id-jag'], { tenant: 't1' }),
      trusted(bank, ['id-jag'], byEmail('bank.example')),
    ],
    clients: [
      client('app', [GrantType.JwtBearer], { defaultTarget: 'orders' }),
      client('other-app', [GrantType.JwtBearer], { defaultTarget: 'orders' }),
      client('gateway', [GrantType.JwtBearer], { defaultTarget: 'orders' }),
      client('guest', [GrantType.JwtBearer], { defaultTarget: 'orders' }),
      client('bound', [GrantType.JwtBearer], { defaultTarget: 'orders', dpopBound: true }),
      { clientId: 'public', authentication: 'none', grantTypes: [GrantType.JwtBearer], defaultTarget: 'orders' },
      client('orders-service', [GrantType.TokenExchange], { represents: ['orders'] }),
      client('operator', [GrantType.ClientCredentials], {
        scopes: ['audit.read', 'registrations.read', 'registrations.write'],
        defaultResource: 'auth-server',
      }),
    ],
    users: [
      user('b.alice', 'alice@home.example'),
      user('gone', 'gone@home.example', { enabled: false }),
      user('one', 'twins@home.example'),
      user('two', 'twins@home.example'),
      user('kate', 'kate@home.example'),
      user('banker', 'kate@bank.example'),
      user('other', 'kate@other.example'),
      user('admin', 'admin@partner.example', { entitledScopes: ['audit.read'] }),
    ],
    edges: [
      opens('app', 'orders', [TokenType.IdJag], [from, bank.issuer]),
      opens('app', 'billing', [TokenType.IdJag], [from]),
      opens('other-app', 'orders', [TokenType.IdJag], [other.issuer]),
      opens('gateway', 'orders', [TokenType.Jwt], [from, chainer.issuer]),
      opens('guest', 'orders', [TokenType.IdJag], [hotel.issuer]),
      opens('public', 'orders', [TokenType.IdJag], [from]),
      opens('bound', 'orders', [TokenType.IdJag], [from]),
      // what a grant must not open, although an exchange could
      { ...opens('app', 'https://third.example', [TokenType.IdJag], [from]), scopes: { 'order.read': {} } },
      {
        client: 'orders-service',
        subjectAudience: 'orders',
        target: 'billing',
        mode: 'delegation',
        scopes: { 'bill.read': { requires: ['order.read'] } },
      },
      {
        client: 'orders-service',
        subjectAudience: 'orders',
        target: 'https://third.example',
        mode: 'delegation',
        scopes: { 'order.read': { requires: ['order.read'] } },
      },
    ],
    ...settings,
  };
}

/** The partner's file, where it trusts this server for all that it trusts `home` for. */
export function partnerFileFor(trusted: Domain['trusted'], issuers: Issuers): object {
  const { trustedIssuers, edges, ...file } = partnerFile(issuers) as {
    readonly trustedIssuers: readonly object[];
    readonly edges: readonly { readonly subjectIssuers?: readonly string[] }[];
  };
  const subject = { claim: 'email', to: 'account', domains: ['home.example'] };
  return {
    ...file,
    trustedIssuers: [...trustedIssuers, { ...trusted, usages: ['id-jag', 'jwt-bearer'], subject }],
    edges: edges.map((edge) =>
      edge.subjectIssuers ? { ...edge, subjectIssuers: [...edge.subjectIssuers, trusted.issuer] } : edge,
    ),
  };
}

export const openPartner = (issuers: Issuers, settings?: object): Promise<Domain> =>
  Domain.open(PARTNER, partnerFile(issuers, settings));
