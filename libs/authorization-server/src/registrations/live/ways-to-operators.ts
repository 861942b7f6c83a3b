import type { RegistrationKind } from '@onbehalf/authorization-ports';
import { ADMIN_AUDIENCE } from '../../configuration/own/admin-audience.js';
import { directAudiences } from '../../configuration/clients/direct-access.js';
import { ME_AUDIENCE } from '../../configuration/own/me-audience.js';
import type { ClientConfig, EdgeConfig, ServerConfig } from '../../configuration/schema/server-config.schema.js';

/** The ids of registrations, by kind. */
export type IdsByKind = Readonly<Record<RegistrationKind, ReadonlySet<string>>>;

/**
 * Everything through which somebody may come to hold a token of operators: their resource, the edges to it, the clients of these
 * edges, the resources whose tokens they take, whoever has such tokens or acts there, and so on; and the users that list scopes of
 * operators. What is disabled is on the way, too.
 * @param config may hold several registrations of one id
 */
export function idsOnTheWay({
  clients,
  resources,
  edges,
  users,
}: Pick<ServerConfig, 'clients' | 'resources' | 'edges' | 'users'>): IdsByKind {
  const scopes = new Set(resources.flatMap((each) => (each.audience === ADMIN_AUDIENCE ? each.scopes : [])));
  const listsOne = (listed: readonly string[] = []): boolean => listed.some((scope) => scopes.has(scope));
  const audiences = audiencesOnTheWay(edges);
  // what is made of operators' own tokens is theirs, too, and so is what they make of an account by their own tokens
  const leading = edges.filter(
    ({ target, subjectAudience, mode }) =>
      audiences.has(target) || subjectAudience === ADMIN_AUDIENCE || mode === 'administrative',
  );
  const parties = new Set(leading.flatMap(({ client, actors = [] }) => [client, ...actors.map(({ sub }) => sub)]));
  const isOfOperators = (client: ClientConfig): boolean =>
    listsOne(client.scopes) ||
    directAudiences(client).some((audience) => audiences.has(audience)) ||
    [client.defaultTarget, ...client.represents].includes(ADMIN_AUDIENCE) ||
    parties.has(client.clientId);
  return {
    client: new Set(clients.filter(isOfOperators).map(({ clientId }) => clientId)),
    // what people see of themselves is no way to operators, and no less the server's own
    resource: new Set([...audiences, ME_AUDIENCE]),
    edge: new Set(leading.map(({ id = '' }) => id)),
    user: new Set(
      users.flatMap(({ username, entitledScopes }) =>
        listsOne(entitledScopes) || parties.has(username) ? [username] : [],
      ),
    ),
  };
}

/** The audiences whose tokens may be exchanged for one of operators, at once or by several exchanges. */
function audiencesOnTheWay(edges: readonly EdgeConfig[]): ReadonlySet<string> {
  const audiences = new Set([ADMIN_AUDIENCE]);
  // a set that grows while it is gone through is gone through to its end
  for (const audience of audiences) {
    for (const { target, subjectAudience } of edges) {
      if (target === audience && subjectAudience !== undefined) audiences.add(subjectAudience);
    }
  }
  return audiences;
}
