import { GrantType } from '@onbehalf/oauth-protocol';
import type {
  ClientRegistration,
  Extensible,
  PolicyRegistrations,
  ResourceRegistration,
} from '@onbehalf/token-exchange';
import { ADMIN_AUDIENCE } from '../configuration/own/admin-audience.js';
import type { ConfigSection } from '../configuration/schema/config-section.js';
import { directAccess } from '../configuration/clients/direct-access.js';
import type { ClientConfig, ResourceConfig, ServerConfig } from '../configuration/schema/server-config.schema.js';

/** The registrations of a configuration, in the words of the exchange; members of sections become `extensions`. */
export function toPolicyRegistrations(
  { clients, resources, edges }: ServerConfig,
  sections: readonly ConfigSection[] = [],
): PolicyRegistrations {
  const extend = <Registration extends object>(to: Registration, from: object): Registration => ({
    ...to,
    ...extensionsOf(from, sections),
  });
  return {
    clients: clients.map((client) => extend(toClientRegistration(client, resources), client)),
    resources: resources.map((resource) => extend(toResourceRegistration(resource), resource)),
    edges: edges.filter(({ enabled }) => enabled).map((edge) => extend(edge, edge)),
  };
}

function extensionsOf(registered: object, sections: readonly ConfigSection[]): Extensible {
  const members = registered as Readonly<Record<string, unknown>>;
  const extensions = sections.flatMap(({ name }) => (members[name] === undefined ? [] : [[name, members[name]]]));
  return extensions.length === 0 ? {} : { extensions: Object.fromEntries(extensions) as Record<string, unknown> };
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
