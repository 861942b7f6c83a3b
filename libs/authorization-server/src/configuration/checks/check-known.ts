import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { ME_AUDIENCE } from '../own/me-audience.js';
import type { ServerConfig } from '../schema/server-config.schema.js';

/** The mistake when no resource is registered by this name. */
export function* audienceMistakes(
  config: Pick<ServerConfig, 'resources'>,
  audience: string | undefined,
  setting: string,
): Generator<ConfigurationError> {
  if (audience === undefined) return;
  yield* unknownMistakes(audience, new Set(config.resources.map((resource) => resource.audience)), setting);
}

/** As {@link audienceMistakes}, of this domain: another domain's server, or a third party, is a target of edges and nothing else. */
export function resourceMistakes(
  { resources }: ServerConfig,
  audience: string | undefined,
  setting: string,
): Generator<ConfigurationError> {
  return audienceMistakes({ resources: resources.filter(({ kind }) => kind === 'resource') }, audience, setting);
}

/** The mistake when a value is none of the known ones, with those. */
export function* unknownMistakes(
  value: string,
  known: ReadonlySet<string>,
  setting: string,
): Generator<ConfigurationError> {
  if (!known.has(value)) yield new ConfigurationError(setting, value, [...known].join(', ') || 'nothing is registered');
}

/** Only a person gets tokens for the own resource of people, by a login: the mistakes of members that name it. */
export function* ofPeopleMistakes(
  registered: Readonly<Record<string, unknown>>,
  members: readonly string[],
  path: string,
): Generator<ConfigurationError> {
  for (const member of members.filter((name) => [registered[name]].flat().includes(ME_AUDIENCE))) {
    yield new ConfigurationError(`${path}.${member}`, ME_AUDIENCE, 'an audience whose tokens may be exchanged');
  }
}
