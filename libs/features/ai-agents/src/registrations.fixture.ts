import { randomBytes, randomUUID, scryptSync } from 'node:crypto';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';

/** Of this run alone. */
export const SECRET = randomUUID();
export const PASSWORD = randomUUID();

export const OPERATOR_SCOPES = [
  'agents.read',
  'agents.stop',
  'audit.read',
  'exchange.explain',
  'registrations.read',
  'registrations.write',
];

const OWN_SCOPES = ['activity.read', 'activity.stop', 'exchange.evaluate'];

/** Agents that hand on to each other, one after the other. */
export const ROW = ['assistant', 'second', 'third', 'fourth', 'fifth'];

export const PARTNER = 'https://partner.example';

const passwordHash = hashOf(PASSWORD);
const service = { secret: SECRET, grantTypes: [GrantType.TokenExchange, GrantType.ClientCredentials] };

const agent = (clientId: string, more: object = {}) => ({
  ...service,
  clientId,
  subProfile: 'ai_agent',
  owner: 'owner',
  represents: [clientId],
  scopes: ['act'],
  resources: ['auth-server-actors'],
  defaultResource: 'auth-server-actors',
  ...more,
});

const edge = (client: string, target: string, scopes: readonly string[], more: object = {}) => ({
  client,
  subjectAudience: client,
  target,
  mode: 'delegation',
  scopes: Object.fromEntries(scopes.map((scope) => [scope, {}])),
  ...more,
});

const ofAgent = (client: string, target: string, scopes: readonly string[], more: object = {}) =>
  edge(client, target, scopes, { actor: 'actor_token', ...more });

/** A configuration with agents and services of each kind. */
export const file = {
  aiAgents: {},
  identityChaining: {},
  tokenVault: {
    providers: [
      {
        name: 'calendar',
        issuer: 'http://localhost:9',
        clientId: 'onbehalf',
        clientSecret: SECRET,
      },
    ],
  },
  resources: [
    { audience: 'user-service', scopes: ['user.read', 'user.write'] },
    { audience: 'message-service', scopes: ['message.read'] },
    ...ROW.map((audience) => ({ audience, scopes: ['assistant.ask'] })),
    { audience: PARTNER, kind: 'authorization_server', scopes: ['partner.read'] },
    { audience: 'auth-server-actors', scopes: ['act'] },
    { audience: 'calendar', kind: 'third_party', scopes: ['calendar.read', 'calendar.write'] },
    { audience: 'auth-server', scopes: OPERATOR_SCOPES },
    { audience: 'auth-server-me', resource: 'http://localhost:9001/me', scopes: OWN_SCOPES },
  ],
  clients: [
    {
      clientId: 'app',
      secret: SECRET,
      grantTypes: [GrantType.AuthorizationCode],
      redirectUris: ['http://localhost:8080/callback'],
      scopes: ['openid', ...OWN_SCOPES],
      resources: ['assistant', 'auth-server-me'],
      defaultResource: 'assistant',
    },
    ...ROW.map((clientId) => agent(clientId)),
    agent('orphan', { owner: 'former', represents: ['assistant'] }),
    { ...service, clientId: 'user-service', represents: ['user-service', 'assistant'] },
    { ...service, clientId: 'message-service', represents: ['message-service'] },
    {
      ...service,
      clientId: 'operator',
      grantTypes: [GrantType.ClientCredentials],
      scopes: OPERATOR_SCOPES,
      defaultResource: 'auth-server',
    },
  ],
  users: [
    { username: 'ada', passwordHash },
    { username: 'eve', passwordHash },
    { username: 'owner', passwordHash },
    { username: 'former', passwordHash, enabled: false },
  ],
  edges: [
    ofAgent('assistant', 'user-service', ['user.read', 'user.write']),
    ofAgent('assistant', 'message-service', ['message.read'], { timeToLive: 60 }),
    ofAgent('assistant', 'calendar', ['calendar.read'], { issues: [TokenType.ConnectedAccount] }),
    ofAgent('orphan', 'user-service', ['user.read'], { subjectAudience: 'assistant' }),
    ...ROW.slice(1).map((target, i) => ofAgent(ROW[i]!, target, ['assistant.ask'], { maxDepth: 6 })),
    ofAgent('fifth', 'user-service', ['user.read'], { maxDepth: 6 }),
    edge('user-service', 'message-service', ['message.read'], {
      maxDepth: 8,
      issues: [TokenType.AccessToken, TokenType.IdToken],
    }),
    edge('user-service', PARTNER, ['partner.read'], { issues: [TokenType.Jwt] }),
    edge('user-service', 'user-service', ['user.read'], {
      subjectAudience: 'assistant',
      actor: 'either',
      allowCycle: true,
    }),
    edge('message-service', 'user-service', ['user.read'], { allowCycle: true, maxDepth: 8 }),
  ],
};

function hashOf(password: string): string {
  const [salt, [cost, blocks, parallel]] = [randomBytes(16), [2 ** 14, 8, 1] as const];
  const hash = scryptSync(password, salt, 32, { N: cost, r: blocks, p: parallel });
  return ['scrypt', cost, blocks, parallel, salt.toString('base64url'), hash.toString('base64url')].join('$');
}
