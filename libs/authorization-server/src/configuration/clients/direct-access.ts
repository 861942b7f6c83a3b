import type { DirectAccess } from '@onbehalf/token-exchange';
import type { ClientConfig, ResourceConfig } from '../schema/server-config.schema.js';

/** The audiences that a client may have tokens for without an exchange: at login, and with client credentials. */
export function directAudiences({
  resources,
  defaultResource,
}: Pick<ClientConfig, 'resources' | 'defaultResource'>): readonly string[] {
  return resources ?? (defaultResource === undefined ? [] : [defaultResource]);
}

/** The resources that a client may have tokens for without an exchange, each with the scopes of it that the client lists. */
export function directAccess(client: ClientConfig, resources: readonly ResourceConfig[]): DirectAccess[] {
  const audiences = directAudiences(client);
  return resources
    .filter(({ audience }) => audiences.includes(audience))
    .map(({ audience, scopes }) => ({ audience, scopes: scopes.filter((scope) => client.scopes.includes(scope)) }));
}
