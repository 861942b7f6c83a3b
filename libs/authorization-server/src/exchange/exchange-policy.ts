import type { ClientRegistration, PolicyRegistrations } from '@onbehalf/token-exchange';
import type { ClientConfig, ServerConfig } from '../configuration/server-config.schema.js';

/** The registrations of a configuration, in the words of the exchange. */
export function toPolicyRegistrations({ clients, resources, edges }: ServerConfig): PolicyRegistrations {
  return { clients: clients.map(toRegistration), resources, edges: edges.filter(({ enabled }) => enabled) };
}

function toRegistration(client: ClientConfig): ClientRegistration {
  const { clientId, enabled, represents, defaultTarget, compatible, dpopBound, certificateBound, subProfile } = client;
  const confidential = client.authentication !== 'none';
  return {
    clientId,
    enabled,
    confidential,
    represents,
    defaultTarget,
    compatible,
    dpopBound,
    certificateBound,
    subProfile,
  };
}
