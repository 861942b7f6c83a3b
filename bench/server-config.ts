/** Configuration files for the authorization server under test, as large as a case asks. */
import { randomBytes, scryptSync } from 'node:crypto';
import { GrantType } from '@onbehalf/oauth-protocol';

export interface ConfigPlan {
  readonly edges?: number;
  readonly users?: number;
  /** Where client-app is; absent: nobody logs in. */
  readonly clientApp?: string;
}

const SECRET = 'benchmark-secret';
export const PASSWORD = 'password';
/** As cheap as is accepted, because many log in and that is not what is measured. */
const PASSWORD_HASH = passwordHash({ N: 2 ** 14, r: 8, p: 1 });
const PER_CLIENT = 100;
/** Every driver of a benchmark is one client at one address. */
const UNLIMITED = 1_000_000_000;

const RESOURCES = [
  { audience: 'user-service', scopes: ['user.read'] },
  { audience: 'message-service', scopes: ['message.read'] },
  { audience: 'message-service-rs256', scopes: ['message.read'], signingAlgorithm: 'RS256' },
];

/** Beside the edges that are used there are as many others as asked, spread over clients of 100 each, the busy one included. */
export function serverConfig({ edges = 10, users = 10, clientApp }: ConfigPlan = {}): object {
  const others = Array.from({ length: edges }, (_, index) => ({
    client: clientName(Math.floor(index / PER_CLIENT)),
    target: `target-${index % PER_CLIENT}`,
  }));
  const bystanders = [...new Set(others.map(({ client }) => client))].filter((name) => name !== 'user-service');
  return {
    resources: [
      ...RESOURCES,
      ...Array.from({ length: Math.min(edges, PER_CLIENT) }, (_, index) => ({
        audience: `target-${index}`,
        scopes: ['message.read'],
      })),
    ],
    clients: [
      client('user-service', 'user-service'),
      client('message-service', 'message-service'),
      ...(clientApp === undefined ? [] : [loginClient(clientApp)]),
      ...bystanders.map((name) => client(name, 'user-service')),
    ],
    users: Array.from({ length: users }, (_, index) => ({ username: `user-${index}`, passwordHash: PASSWORD_HASH })),
    edges: [
      edge('user-service', 'user-service', 'message-service', 'message.read', 'user.read'),
      edge('user-service', 'user-service', 'message-service-rs256', 'message.read', 'user.read'),
      edge('message-service', 'message-service', 'user-service', 'user.read', 'message.read'),
      ...others.map((other) => edge(other.client, 'user-service', other.target, 'message.read', 'user.read')),
    ],
    // sessions outlive the case that logs in, so that nothing is refreshed
    ...(clientApp !== undefined && { lifetimes: { accessToken: 3600 } }),
    rateLimits: {
      token: { requestsPerClient: UNLIMITED, requestsPerAddress: UNLIMITED },
      login: { failuresPerAccount: UNLIMITED, failuresPerAddress: UNLIMITED },
      authorization: { requestsPerAddress: UNLIMITED },
    },
  };
}

/** Credentials for `client_secret_basic`. RFC 6749 §2.3.1 */
export function credentials(clientId: string): string {
  return `Basic ${Buffer.from(`${clientId}:${SECRET}`).toString('base64')}`;
}

export const CLIENT_SECRET = SECRET;

function clientName(index: number): string {
  return index === 0 ? 'user-service' : `client-${index}`;
}

function client(clientId: string, audience: string): object {
  return {
    clientId,
    secret: SECRET,
    grantTypes: [GrantType.ClientCredentials, GrantType.TokenExchange],
    scopes: audience === 'user-service' ? ['user.read'] : [],
    defaultResource: audience,
    represents: [audience],
  };
}

function loginClient(url: string): object {
  return {
    clientId: 'client-app',
    secret: SECRET,
    grantTypes: [GrantType.AuthorizationCode, GrantType.RefreshToken],
    redirectUris: [`${url}/callback`],
    scopes: ['openid', 'profile', 'user.read'],
    defaultResource: 'user-service',
  };
}

function passwordHash({ N, r, p }: { N: number; r: number; p: number }): string {
  const salt = randomBytes(16);
  const hash = scryptSync(PASSWORD, salt, 32, { N, r, p });
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

function edge(clientId: string, subjectAudience: string, target: string, scope: string, requires: string): object {
  const scopes = { [scope]: { requires: [requires] } };
  return {
    client: clientId,
    subjectAudience,
    target,
    mode: 'delegation',
    actor: 'client',
    maxDepth: 8,
    allowCycle: true,
    scopes,
  };
}
