import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { LONGEST_IMPERSONATION } from '@onbehalf/token-exchange';
import { ADMIN_AUDIENCE } from '../own/admin-audience.js';
import { ME_AUDIENCE } from '../own/me-audience.js';
import type { ClientConfig, EdgeConfig, ServerConfig } from '../schema/server-config.schema.js';
import { audienceMistakes, ofPeopleMistakes, unknownMistakes } from './check-known.js';

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
 * An edge fits together, and what it names is registered.
 * @param grantTypes those that go by edges
 */
export function* edgeMistakes(
  config: ServerConfig,
  edge: EdgeConfig,
  grantTypes: readonly string[],
  path: string,
): Generator<ConfigurationError> {
  const client = config.clients.find(({ clientId }) => clientId === edge.client);
  if (!client) yield new ConfigurationError(`${path}.client`, edge.client, 'the clientId of a registered client');
  else if (!client.grantTypes.some((grantType) => grantTypes.includes(grantType))) {
    yield new ConfigurationError(`${path}.client`, edge.client, `a client with grant type ${grantTypes.join(' or ')}`);
  }
  yield* ofPeopleMistakes({ ...edge }, ['subjectAudience', 'target'], path);
  if (edge.mode === 'administrative') yield* administrativeMistakes(edge, path);
  else if (client) yield* subjectAudienceMistakes(edge, client, path);
  yield* audienceMistakes(config, edge.target, `${path}.target`);
  const { kind = 'resource' } = config.resources.find(({ audience }) => audience === edge.target) ?? {};
  if (kind !== 'resource' && edge.mode !== 'delegation') {
    const target = kind === 'third_party' ? 'a third party' : 'another domain';
    yield new ConfigurationError(`${path}.mode`, edge.mode, `delegation, because the target is ${target}`);
  }
  if (edge.mode === 'impersonation' && edge.actor !== undefined) {
    yield new ConfigurationError(`${path}.actor`, edge.actor, 'no actor, because mode is impersonation');
  }
  yield* scopeMistakes(config, edge, path);
}

// what would be without effect there, and what must not be open to an administrator who uses an account
function* administrativeMistakes(edge: EdgeConfig, path: string): Generator<ConfigurationError> {
  for (const left of WITHOUT_EFFECT.filter((member) => edge[member] !== undefined)) {
    yield new ConfigurationError(`${path}.${left}`, edge[left], `no ${left}, because mode is administrative`);
  }
  if ([ADMIN_AUDIENCE, ME_AUDIENCE].includes(edge.target)) {
    yield new ConfigurationError(`${path}.target`, edge.target, 'another resource than those of this server');
  }
  for (const [scope, { requires }] of Object.entries(edge.scopes)) {
    const accepted = 'none, because a user that is only named holds no scopes';
    if (requires !== undefined) yield new ConfigurationError(`${path}.scopes.${scope}.requires`, requires, accepted);
  }
  if ((edge.timeToLive ?? 0) <= LONGEST_IMPERSONATION) return;
  yield new ConfigurationError(`${path}.timeToLive`, edge.timeToLive, `at most ${LONGEST_IMPERSONATION} seconds`);
}

// an ID token has the client itself as its audience, OpenID Connect Core §2
function* subjectAudienceMistakes(
  { subjectAudience, disclose }: EdgeConfig,
  { represents, clientId }: ClientConfig,
  path: string,
): Generator<ConfigurationError> {
  if (disclose !== undefined) {
    yield new ConfigurationError(`${path}.disclose`, disclose, 'it only with the mode administrative');
  }
  if (represents.includes(subjectAudience ?? '') || subjectAudience === clientId) return;
  const accepted = `an audience that the client represents (${represents.join(', ') || 'none'})`;
  yield new ConfigurationError(`${path}.subjectAudience`, subjectAudience, accepted);
}

function* scopeMistakes(config: ServerConfig, edge: EdgeConfig, path: string): Generator<ConfigurationError> {
  const scopesOf = (audience?: string): Set<string> =>
    new Set(config.resources.find((resource) => resource.audience === audience)?.scopes);
  for (const [scope, { requires = [] }] of Object.entries(edge.scopes)) {
    yield* unknownMistakes(scope, scopesOf(edge.target), `${path}.scopes`);
    const held = scopesOf(edge.subjectAudience);
    for (const required of requires) yield* unknownMistakes(required, held, `${path}.scopes.${scope}.requires`);
  }
}
