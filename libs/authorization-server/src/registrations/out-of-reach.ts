import { ADMIN_AUDIENCE } from '../configuration/admin-audience.js';
import { directAudiences } from '../configuration/direct-access.js';
import type { ClientConfig, EdgeConfig, ServerConfig } from '../configuration/server-config.schema.js';
import type { RegistrationSet } from './registration-set.js';
import type { RegistrationKind } from './registration-store.js';

/** Operators are registered in the file alone: whoever may change registrations cannot make itself more than it is. */
export class OutOfReach extends Error {
  constructor() {
    super('operators, and all that leads to the resource of operators, are registered in the file only');
  }
}

/**
 * @param operation taking access away by `disable` is always possible; giving it back is not
 * @throws OutOfReach for a change of something that is, before or after it, on a way to the resource of operators
 */
export function checkOutOfReach(
  before: RegistrationSet,
  after: RegistrationSet,
  { kind, id }: { readonly kind: RegistrationKind; readonly id: string },
  operation: string,
): void {
  if (operation === 'disable') return;
  if ([before, after].some(({ config }) => idsOnTheWay(config)[kind].has(id))) throw new OutOfReach();
}

/**
 * Everything through which somebody may come to hold a token of operators: their resource, the edges to it, the clients of these
 * edges, the resources whose tokens they take, whoever has such tokens, and so on; and the users that list scopes of operators.
 * What is disabled is on the way, too.
 */
function idsOnTheWay({
  clients,
  resources,
  edges,
  users,
}: ServerConfig): Record<RegistrationKind, ReadonlySet<string>> {
  const scopes = new Set(resources.find(({ audience }) => audience === ADMIN_AUDIENCE)?.scopes);
  const listsOne = (listed: readonly string[] = []): boolean => listed.some((scope) => scopes.has(scope));
  const audiences = audiencesOnTheWay(edges);
  // what is made of operators' own tokens is theirs, too
  const leading = edges.filter((edge) => audiences.has(edge.target) || edge.subjectAudience === ADMIN_AUDIENCE);
  const isOfOperators = (client: ClientConfig): boolean =>
    listsOne(client.scopes) ||
    directAudiences(client).some((audience) => audiences.has(audience)) ||
    [client.defaultTarget, ...client.represents].includes(ADMIN_AUDIENCE) ||
    leading.some((edge) => edge.client === client.clientId || edge.actors?.some(({ sub }) => sub === client.clientId));
  return {
    client: new Set(clients.filter(isOfOperators).map(({ clientId }) => clientId)),
    resource: audiences,
    edge: new Set(leading.map(({ id = '' }) => id)),
    user: new Set(users.filter((user) => listsOne(user.entitledScopes)).map(({ username }) => username)),
  };
}

/** The audiences whose tokens may be exchanged for one of operators, at once or by several exchanges. */
function audiencesOnTheWay(edges: readonly EdgeConfig[]): ReadonlySet<string> {
  const audiences = new Set([ADMIN_AUDIENCE]);
  // a set that grows while it is gone through is gone through to its end
  for (const audience of audiences) {
    for (const edge of edges) if (edge.target === audience) audiences.add(edge.subjectAudience);
  }
  return audiences;
}
