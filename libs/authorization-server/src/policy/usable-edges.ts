import type { ServerConfig } from '../configuration/schema/server-config.schema.js';

/** The edges that are switched on, of clients that are. */
export function usableEdges({ edges, clients }: ServerConfig): ServerConfig['edges'] {
  const enabled = clients.filter((client) => client.enabled).map(({ clientId }) => clientId);
  return edges.filter((edge) => edge.enabled && enabled.includes(edge.client));
}
