import { RegisteredPolicy, type ClientRegistration, type ExchangePolicy } from '@onbehalf/token-exchange';
import type { ClientConfig, ServerConfig } from '../configuration/server-config.schema.js';

/** The exchange policy that the configuration file states. */
export function toExchangePolicy(config: ServerConfig): ExchangePolicy {
  return new RegisteredPolicy({
    clients: config.clients.map(toRegistration),
    resources: config.resources,
    edges: config.edges,
  });
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
