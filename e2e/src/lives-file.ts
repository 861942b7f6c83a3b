import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { hashOf } from './password-hash.js';

export type Document = Record<string, unknown>;

export const REDIRECT = 'http://localhost:8080/callback';
export const SERVICE_SECRET = 'a secret for the tests';

export const ONE = hashOf('password');
export const OTHER = hashOf('another password');

export const user = (more: Document = {}): Document => ({ passwordHash: ONE, name: 'The first', ...more });

export const web = (more: Document = {}): Document => ({
  grantTypes: [GrantType.AuthorizationCode, GrantType.RefreshToken, GrantType.TokenExchange],
  redirectUris: [REDIRECT],
  scopes: ['openid', 'profile', 'read'],
  defaultResource: 'app',
  ...more,
});

/** The file, with these users and clients beside those that all tests need. */
export function fileOf(users: Record<string, Document>, clients: Record<string, Document> = {}): Document {
  const edge = { mode: 'delegation', target: 'api', scopes: { do: {} } };
  const webs = Object.entries({ web: web(), ...clients });
  const service = { grantTypes: [GrantType.TokenExchange], secret: SERVICE_SECRET };
  return {
    resources: [
      { audience: 'app', scopes: ['read'] },
      { audience: 'api', scopes: ['do'] },
      { audience: 'auth-server', scopes: ['registrations.read', 'registrations.write'] },
    ],
    clients: [
      { clientId: 'app', represents: ['app'], ...service },
      { clientId: 'api', represents: ['api'], ...service },
      {
        clientId: 'operator',
        secret: 'operator-secret',
        grantTypes: [GrantType.ClientCredentials],
        scopes: ['registrations.read', 'registrations.write'],
        defaultResource: 'auth-server',
      },
      ...webs.map(([clientId, client]) => ({ clientId, secret: `${clientId} has a secret`, ...client })),
    ],
    // who is asked again and again until a replica knows counts as one that guesses
    rateLimits: { token: { failuresPerClient: 10_000, failuresPerAddress: 10_000 } },
    users: Object.entries(users).map(([username, document]) => ({ username, ...document })),
    edges: [
      { ...edge, client: 'app', subjectAudience: 'app' },
      { ...edge, client: 'web', subjectAudience: 'web', subjectTypes: [TokenType.IdToken] },
    ],
  };
}
