import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { LONGEST_IMPERSONATION } from '@onbehalf/token-exchange';
import { ADMIN_AUDIENCE } from '../own/admin-audience.js';
import { ME_AUDIENCE } from '../own/me-audience.js';
import type { ClientConfig, EdgeConfig, ServerConfig } from '../schema/server-config.schema.js';
import { checkAudience, checkKnown, checkNotOfPeople } from './check-known.js';

const WITHOUT_EFFECT = [
  'subjectAudience',
  'actor',
  'actors',
  'subjectTypes',
  'subjectIssuers',
  'issues',
  'rebind',
  'reason',
] as const;

/**
 * Checks that an edge fits together, and that what it names is registered.
 * @param grantTypes those that go by edges
 * @throws ConfigurationError for the first mistake
 */
export function checkEdge(config: ServerConfig, edge: EdgeConfig, grantTypes: readonly string[], path: string): void {
  const client = config.clients.find(({ clientId }) => clientId === edge.client);
  if (!client) throw new ConfigurationError(`${path}.client`, edge.client, 'the clientId of a registered client');
  if (!client.grantTypes.some((grantType) => grantTypes.includes(grantType))) {
    throw new ConfigurationError(`${path}.client`, edge.client, `a client with grant type ${grantTypes.join(' or ')}`);
  }
  checkNotOfPeople({ ...edge }, ['subjectAudience', 'target'], path);
  if (edge.mode === 'administrative') checkAdministrative(edge, path);
  else checkSubjectAudience(edge, client, path);
  checkAudience(config, edge.target, `${path}.target`);
  const { kind = 'resource' } = config.resources.find(({ audience }) => audience === edge.target) ?? {};
  if (kind !== 'resource' && edge.mode !== 'delegation') {
    const target = kind === 'third_party' ? 'a third party' : 'another domain';
    throw new ConfigurationError(`${path}.mode`, edge.mode, `delegation, because the target is ${target}`);
  }
  if (edge.mode === 'impersonation' && edge.actor !== undefined) {
    throw new ConfigurationError(`${path}.actor`, edge.actor, 'no actor, because mode is impersonation');
  }
  checkEdgeScopes(config, edge, path);
}

// what would be without effect there, and what must not be open to an administrator who uses an account
function checkAdministrative(edge: EdgeConfig, path: string): void {
  const left = WITHOUT_EFFECT.find((member) => edge[member] !== undefined);
  if (left !== undefined) {
    throw new ConfigurationError(`${path}.${left}`, edge[left], `no ${left}, because mode is administrative`);
  }
  if ([ADMIN_AUDIENCE, ME_AUDIENCE].includes(edge.target)) {
    throw new ConfigurationError(`${path}.target`, edge.target, 'another resource than those of this server');
  }
  const [scope] = Object.entries(edge.scopes).find(([, { requires }]) => requires !== undefined) ?? [];
  if (scope !== undefined) {
    const accepted = 'none, because a user that is only named holds no scopes';
    throw new ConfigurationError(`${path}.scopes.${scope}.requires`, edge.scopes[scope]?.requires, accepted);
  }
  if ((edge.timeToLive ?? 0) <= LONGEST_IMPERSONATION) return;
  throw new ConfigurationError(`${path}.timeToLive`, edge.timeToLive, `at most ${LONGEST_IMPERSONATION} seconds`);
}

// an ID token has the client itself as its audience, OpenID Connect Core §2
function checkSubjectAudience(
  { subjectAudience, disclose }: EdgeConfig,
  { represents, clientId }: ClientConfig,
  path: string,
): void {
  if (disclose !== undefined) {
    throw new ConfigurationError(`${path}.disclose`, disclose, 'it only with the mode administrative');
  }
  if (represents.includes(subjectAudience ?? '') || subjectAudience === clientId) return;
  const accepted = `an audience that the client represents (${represents.join(', ') || 'none'})`;
  throw new ConfigurationError(`${path}.subjectAudience`, subjectAudience, accepted);
}

function checkEdgeScopes(config: ServerConfig, edge: EdgeConfig, path: string): void {
  const scopesOf = (audience?: string): Set<string> =>
    new Set(config.resources.find((resource) => resource.audience === audience)?.scopes);
  for (const [scope, { requires = [] }] of Object.entries(edge.scopes)) {
    checkKnown(scope, scopesOf(edge.target), `${path}.scopes`);
    const held = scopesOf(edge.subjectAudience);
    for (const required of requires) checkKnown(required, held, `${path}.scopes.${scope}.requires`);
  }
}
