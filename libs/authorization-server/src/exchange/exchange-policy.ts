import { GrantType } from '@onbehalf/oauth-protocol';
import type { ClientRegistration, PolicyRegistrations, ResourceRegistration } from '@onbehalf/token-exchange';
import { ADMIN_AUDIENCE } from '../configuration/admin-audience.js';
import { directAccess } from '../configuration/direct-access.js';
import type { ClientConfig, ResourceConfig, ServerConfig } from '../configuration/server-config.schema.js';

/** The registrations of a configuration, in the words of the exchange. */
export function toPolicyRegistrations({ clients, resources, edges }: ServerConfig): PolicyRegistrations {
  return {
    clients: clients.map((client) => toClientRegistration(client, resources)),
    resources: resources.map(toResourceRegistration),
    edges: edges.filter(({ enabled }) => enabled),
  };
}

function toResourceRegistration(resource: ResourceConfig): ResourceRegistration {
  return resource.audience === ADMIN_AUDIENCE ? { ...resource, reserved: true } : resource;
}

function toClientRegistration(client: ClientConfig, resources: readonly ResourceConfig[]): ClientRegistration {
  const { clientId, enabled, represents, defaultTarget, compatible, dpopBound, certificateBound, subProfile } = client;
  const confidential = client.authentication !== 'none';
  const access = directAccess(client, resources);
  return {
    clientId,
    enabled,
    confidential,
    asItself: client.grantTypes.includes(GrantType.ClientCredentials) ? access : [],
    asUser: client.grantTypes.includes(GrantType.AuthorizationCode) ? access : [],
    represents,
    defaultTarget,
    compatible,
    dpopBound,
    certificateBound,
    subProfile,
  };
}
