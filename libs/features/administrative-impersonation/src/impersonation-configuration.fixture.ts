import { randomBytes, randomUUID } from 'node:crypto';
import { FeatureSet, parseServerConfig } from '@onbehalf/authorization-server';
import { crossAppAccess } from '@onbehalf/feature-cross-app-access';
import { idTokens } from '@onbehalf/feature-id-tokens';
import { identityChaining } from '@onbehalf/feature-identity-chaining';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer } from '@onbehalf/testing';
import { administrativeImpersonation, type BegunImpersonation } from './index.js';

export const ISSUER = 'http://localhost:9001';
/** Of this run alone. */
export const SECRET = randomUUID();
/** Of a password that nobody knows. */
export const HASH = `scrypt$16384$8$1$${randomBytes(12).toString('base64url')}$${randomBytes(32).toString('base64url')}`;
export const OPERATOR_SCOPES = [
  'impersonate',
  'impersonation.read',
  'impersonation.confirm',
  'impersonation.stop',
  'audit.read',
  'metrics.read',
  'exchange.explain',
];

const client = (clientId: string, more: object = {}) => ({
  clientId,
  secret: SECRET,
  grantTypes: [GrantType.TokenExchange],
  ...more,
});
const user = (username: string, more: object = {}) => ({ username, passwordHash: HASH, ...more });
const edge = (target: string, scopes: string[], more: object = {}) => ({
  client: 'support-tool',
  target,
  mode: 'administrative',
  scopes: Object.fromEntries(scopes.map((scope) => [scope, {}])),
  ...more,
});

/** The server of another domain. */
export const partner = await createTestIssuer({ issuer: 'http://localhost:9002', audience: ISSUER });
const REDEEMED = { subjectAudience: 'redeemer', subjectIssuers: [partner.issuer], mode: 'delegation' };

/** A configuration with an edge of each kind. */
export const file = {
  identityChaining: {},
  crossAppAccess: {},
  trustedIssuers: [
    {
      issuer: partner.issuer,
      jwks: partner.jwks,
      algorithms: ['ES256'],
      usages: ['jwt-bearer', 'id-jag'],
      subject: { claim: 'sub', to: 'account' },
    },
  ],
  administrativeImpersonation: { pollInterval: 5, confirmationTime: 600 },
  resources: [
    {
      audience: 'user-service',
      scopes: ['user.read', 'user.write', 'user.delete'],
      administrativeImpersonation: { readOnly: ['user.read'] },
    },
    {
      audience: 'message-service',
      scopes: ['message.read'],
      administrativeImpersonation: { readOnly: ['message.read'] },
    },
    { audience: 'ledger', scopes: ['ledger.read'], administrativeImpersonation: { readOnly: ['ledger.read'] } },
    { audience: 'hidden', scopes: ['hidden.read'], administrativeImpersonation: { readOnly: ['hidden.read'] } },
    { audience: partner.issuer, kind: 'authorization_server', scopes: ['orders.read'] },
    { audience: 'auth-server', scopes: OPERATOR_SCOPES },
    { audience: 'auth-server-me', resource: `${ISSUER}/me`, scopes: ['activity.read', 'activity.stop'] },
  ],
  clients: [
    client('support-tool'),
    client('other-tool'),
    client('user-service', { represents: ['user-service'] }),
    client('message-service', { represents: ['message-service'] }),
    client('hidden-service', { represents: ['hidden'] }),
    client('stranger', { represents: ['ledger'] }),
    client('redeemer', { grantTypes: [GrantType.JwtBearer], defaultTarget: 'message-service' }),
    client('app', {
      grantTypes: ['authorization_code', GrantType.TokenExchange],
      redirectUris: ['http://localhost:8080/callback'],
      scopes: ['activity.read', 'activity.stop'],
      defaultResource: 'auth-server-me',
    }),
    client('console', {
      grantTypes: ['authorization_code'],
      redirectUris: ['http://localhost:8080/callback'],
      scopes: OPERATOR_SCOPES,
      defaultResource: 'auth-server',
    }),
  ],
  users: [
    user('alice', { name: 'Alice Liddell', email: 'alice@wonder.land' }),
    user('bob'),
    user('limited', { entitledScopes: ['message.read'] }),
    user('guarded', { protected: true }),
    user('former', { enabled: false }),
    user('support', { entitledScopes: OPERATOR_SCOPES }),
    user('second', { entitledScopes: OPERATOR_SCOPES }),
    user('demoted', { entitledScopes: ['audit.read'] }),
    ...Array.from({ length: 25 }, (_, number) => user(`crowd-${10 + number}`, { name: 'One of many' })),
  ],
  edges: [
    edge('user-service', ['user.read', 'user.write'], {
      administrativeImpersonation: { widens: ['user.write'] },
    }),
    edge('ledger', ['ledger.read'], { administrativeImpersonation: { secondPerson: true, ticket: 'required' } }),
    edge('hidden', ['hidden.read'], { disclose: false, timeToLive: 600 }),
    {
      client: 'user-service',
      subjectAudience: 'user-service',
      target: 'message-service',
      mode: 'delegation',
      scopes: { 'message.read': {} },
    },
    {
      client: 'message-service',
      subjectAudience: 'message-service',
      target: 'user-service',
      mode: 'delegation',
      allowCycle: true,
      scopes: { 'user.read': {} },
      issues: [TokenType.AccessToken, TokenType.IdToken],
    },
    {
      client: 'hidden-service',
      subjectAudience: 'hidden',
      target: 'message-service',
      mode: 'impersonation',
      reason: 'optional',
      scopes: { 'message.read': {} },
      issues: [TokenType.AccessToken, TokenType.IdToken],
    },
    ...[['user-service', 'user-service'] as const, ['hidden-service', 'hidden'] as const].map(
      ([client, subjectAudience]) => ({
        ...{ client, subjectAudience, target: partner.issuer, mode: 'delegation', scopes: { 'orders.read': {} } },
        identityChaining: { subject: 'sub' },
      }),
    ),
    {
      client: 'app',
      subjectAudience: 'app',
      subjectTypes: [TokenType.IdToken],
      target: partner.issuer,
      mode: 'delegation',
      issues: [TokenType.IdJag],
      scopes: { 'orders.read': {} },
      crossAppAccess: { clientId: 'app-there', resources: ['http://localhost:8092'], users: 'all', subject: 'sub' },
    },
    {
      ...{ ...REDEEMED, client: 'redeemer', target: 'message-service', scopes: { 'message.read': {} } },
      subjectTypes: [TokenType.Jwt, TokenType.IdJag],
    },
  ],
};

export const told: BegunImpersonation[] = [];
/** What a team has written to be told of impersonations. */
export const hook: { call: (begun: BegunImpersonation) => void | Promise<void> } = {
  call: (begun) => void told.push(begun),
};
export const features = new FeatureSet([
  idTokens,
  administrativeImpersonation({ onImpersonation: (begun) => hook.call(begun) }),
  identityChaining,
  crossAppAccess,
]);

/** Checks a configuration with these members in place of its own. */
export const parse = (change: object = {}) => parseServerConfig({ ...file, ...change }, {}, { sections: features.all });
