import type { RegistrationKind } from '@onbehalf/authorization-ports';
import type { ClientConfig, ServerConfig } from '../configuration/schema/server-config.schema.js';
import type { RegistrationSet } from './registration-set.js';

/**
 * The configuration without what names an unfit registration: it would stop every change, that of the unfit one too.
 * @param changed is judged all the same
 */
export function withoutUnfit(
  { config, unfit }: RegistrationSet,
  changed: { readonly kind: RegistrationKind; readonly id: string },
): ServerConfig {
  const isUnfit = (kind: RegistrationKind, id: string | undefined): boolean =>
    unfit.some((entry) => entry.kind === kind && entry.id === id);
  const isChanged = (kind: RegistrationKind, id: string | undefined): boolean =>
    changed.kind === kind && changed.id === id;
  const clients = config.clients.filter(
    (client) =>
      isChanged('client', client.clientId) ||
      !(isUnfit('user', client.owner) || audiencesOf(client).some((id) => isUnfit('resource', id))),
  );
  const isLeftOut = (client: string): boolean =>
    isUnfit('client', client) ||
    (config.clients.some(({ clientId }) => clientId === client) &&
      !clients.some(({ clientId }) => clientId === client));
  const edges = config.edges.filter(
    ({ id, client, target, subjectAudience }) =>
      isChanged('edge', id) ||
      !(isLeftOut(client) || [target, subjectAudience].some((audience) => isUnfit('resource', audience))),
  );
  return { ...config, clients, edges };
}

function audiencesOf({ resources = [], represents, defaultResource, defaultTarget }: ClientConfig) {
  return [...resources, ...represents, defaultResource, defaultTarget];
}
