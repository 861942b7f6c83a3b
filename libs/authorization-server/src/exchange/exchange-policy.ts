import {
  RegisteredPolicy,
  type ClientRegistration,
  type ExchangePolicy,
  type PolicyRegistrations,
} from '@onbehalf/token-exchange';
import type { ClientConfig, ServerConfig } from '../configuration/server-config.schema.js';

/** The registrations of a configuration, in the words of the exchange. */
export function toPolicyRegistrations({ clients, resources, edges }: ServerConfig): PolicyRegistrations {
  return { clients: clients.map(toRegistration), resources, edges };
}

/** The exchange policy that the configuration file states. */
export function toExchangePolicy(config: ServerConfig): ExchangePolicy {
  return new RegisteredPolicy(toPolicyRegistrations(config));
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
