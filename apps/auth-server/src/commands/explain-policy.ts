import { parseArgs } from 'node:util';
import { readServerConfig } from '@onbehalf/authorization-server';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { formatRoute, routesTo, type Route } from '@onbehalf/token-exchange';

const USAGE = 'explain-policy <audience> [--config <file>] [--json]';

/**
 * Tells who can reach an audience, as whom and with which scopes, by the configuration file alone: one line for each chain of
 * exchanges, or JSON. Kept under review in CI, its output shows what a change of the policy opens.
 */
try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const [audience] = positionals;
  if (audience === undefined || positionals.length > 1) throw new ConfigurationError('audience', audience, USAGE);
  const routes = readRoutes(audience, values.config ?? process.env['AUTH_SERVER_CONFIG'] ?? 'auth-server.yaml');
  console.log(
    values.json ? JSON.stringify(routes, null, 2) : routes.map(formatRoute).join('\n') || `nobody reaches ${audience}`,
  );
} catch (error) {
  if (!(error instanceof ConfigurationError || error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function readRoutes(audience: string, file: string): readonly Route[] {
  const { clients, resources, edges } = readServerConfig(file, process.env);
  if (!resources.some((resource) => resource.audience === audience)) {
    throw new ConfigurationError('audience', audience, resources.map((resource) => resource.audience).join(', '));
  }
  const registered = clients.map((client) => ({ ...client, confidential: client.authentication !== 'none' }));
  return routesTo(audience, { clients: registered, resources, edges });
}
