import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { EdgeConfig, ServerConfig } from '../schema/server-config.schema.js';

const LIMITS = ['maxDepth', 'timeToLive', 'maxAuthenticationAge'] as const;

type Limits = Pick<EdgeConfig, (typeof LIMITS)[number]>;
/** A configuration as it was read, with what its entries were made from. */
export type WithTemplates = ServerConfig & {
  readonly defaults?: { readonly edges?: Limits };
  readonly templates?: { readonly edges?: Readonly<Record<string, Limits>> };
};

/**
 * A limit only narrows: an edge may say less than its template, and either less than the defaults, never more.
 * @param edges as they are written, each with the name of its template
 * @param nameOf how mistakes name a setting
 * @param isUnknown whether a limit is not known, because its variable is not set
 */
export function* limitMistakes(
  config: WithTemplates,
  edges: readonly { readonly template?: string }[],
  nameOf: (path: string) => string,
  isUnknown: (path: string) => boolean,
): Generator<ConfigurationError> {
  const judge = { nameOf, isUnknown };
  const defaults = { path: 'defaults.edges', limits: config.defaults?.edges ?? {} };
  for (const [name, limits] of Object.entries(config.templates?.edges ?? {})) {
    yield* wider(limits, `templates.edges.${name}`, defaults, judge);
  }
  for (const [i, written] of edges.entries()) {
    const own = Object.fromEntries(
      LIMITS.filter((limit) => limit in written).map((limit) => [limit, config.edges[i]?.[limit]]),
    );
    const { template = '' } = written;
    const limits = config.templates?.edges?.[template] ?? {};
    yield* wider(own, `edges[${i}]`, { path: `templates.edges.${template}`, limits }, judge);
    yield* wider(own, `edges[${i}]`, defaults, judge);
  }
}

function* wider(
  given: Limits,
  path: string,
  bound: { readonly path: string; readonly limits: Limits },
  { nameOf, isUnknown }: { nameOf: (path: string) => string; isUnknown: (path: string) => boolean },
): Generator<ConfigurationError> {
  for (const limit of LIMITS) {
    const [value = 0, most = Infinity] = [given[limit], bound.limits[limit]];
    if (value <= most || isUnknown(`${bound.path}.${limit}`)) continue;
    const accepted = `no more than ${most}, by ${nameOf(`${bound.path}.${limit}`)}`;
    yield new ConfigurationError(nameOf(`${path}.${limit}`), value, accepted);
  }
}
