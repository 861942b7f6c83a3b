import { parseArgs } from 'node:util';
import { readServerConfig, toPolicyRegistrations } from '@onbehalf/authorization-server';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { formatRoute, routesTo, type Route } from '@onbehalf/token-exchange';
import { environment } from '../environment.js';
import { features } from '../features.js';

const HELP = `Who can reach an audience, as whom and with which scopes.

  onbehalf-explain <audience> [options]

  --config <path>   the configuration of the authorization server, a file or a folder; else AUTH_SERVER_CONFIG, else the demo's
  --only <client>   exit with 1 when a client that is not named can reach the audience; may be repeated
  --json            the routes as JSON
  --help            this text

Every line is one way. First the clients that have tokens for the audience directly, with client credentials or when a user
signs in; then the chains of exchanges, the audience of the first subject token first, with the client of each exchange in
parentheses. It speaks of the policy alone: tokens, accounts and entitlements narrow it further.

Exit codes: 0 when all is as expected, 1 when --only does not hold, 2 when it could not be told.`;

const OPTIONS = {
  config: { type: 'string' },
  only: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export interface Explained {
  readonly output?: string;
  readonly errors?: string;
  readonly exitCode: number;
}

/** What the command answers to these arguments. Everything that keeps it from answering is a line. */
export function explainReach(
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): Explained {
  try {
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    if (values.help) return { output: HELP, exitCode: 0 };
    const [audience, ...others] = positionals;
    if (audience === undefined || others.length > 0) {
      throw new ConfigurationError('<audience>', positionals.join(' ') || undefined, 'one audience; see --help');
    }
    const routes = readRoutes(audience, values.config ?? variables['AUTH_SERVER_CONFIG'], variables);
    return { output: format(audience, routes, values.json), ...check(audience, routes, values.only) };
  } catch (error) {
    return { errors: lines(error), exitCode: 2 };
  }
}

function readRoutes(
  audience: string,
  config: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): readonly Route[] {
  const file = environment.shape.AUTH_SERVER_CONFIG.parse(config || undefined);
  const configuration = readServerConfig(file, variables, { sections: features.all });
  const registrations = toPolicyRegistrations(configuration, features.all);
  const audiences = registrations.resources.map((resource) => resource.audience);
  if (!audiences.includes(audience)) throw new ConfigurationError('<audience>', audience, audiences.join(', '));
  return routesTo(audience, registrations, features.in(configuration).ways(configuration));
}

function format(audience: string, routes: readonly Route[], json: boolean): string {
  if (json) return JSON.stringify(routes, null, 2);
  return routes.map(formatRoute).join('\n') || `nobody reaches ${audience}`;
}

function check(audience: string, routes: readonly Route[], only: readonly string[] | undefined): Explained {
  const clients = new Set(
    routes.flatMap(({ origin, hops }) => [origin ?? [], hops].flat().map(({ client }) => client)),
  );
  const unexpected = only ? [...clients].filter((client) => !only.includes(client)) : [];
  if (unexpected.length === 0) return { exitCode: 0 };
  return { errors: `${unexpected.join(', ')} can reach ${audience}, and --only does not name it`, exitCode: 1 };
}

/** Each mistake is one. */
function lines(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(lines).join('\n');
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}
