import { ConfigurationError, normalizeUri } from '@onbehalf/oauth-protocol';
import { edgeNames } from '../edge-names.js';
import type { ServerConfig } from '../schema/server-config.schema.js';

/** What is registered is known by names of its own. A mistake tells both places. */
export function* repeatedNames(
  config: ServerConfig,
  file: string,
  nameOf: (path: string) => string,
): Generator<ConfigurationError> {
  const { clients, resources, users, edges, trustedIssuers } = config;
  const names: readonly [list: string, key: string, names: readonly (string | undefined)[]][] = [
    ['clients', 'clientId', clients.map(({ clientId }) => clientId)],
    ['resources', 'audience', resources.map(({ audience }) => audience)],
    ['resources', 'resource', resources.map(({ resource }) => resource && normalizeUri(resource))],
    ['users', 'username', users.map(({ username }) => username)],
    // an id may be the name that another edge is given
    ['edges', 'id', edgeNames(edges)],
    ['trustedIssuers', 'issuer', trustedIssuers.map(({ issuer }) => issuer)],
  ];
  for (const [list, key, each] of names) {
    const seen = new Map<string, number>();
    for (const [i, name] of each.entries()) {
      if (name === undefined) continue;
      const first = seen.get(name) ?? i;
      seen.set(name, first);
      if (first === i) continue;
      const accepted = `a value that no other entry has; ${nameOf(`${list}[${first}].${key}`)} has it`;
      yield new ConfigurationError(`${file}: ${list}[${i}].${key}`, name, accepted);
    }
  }
}
