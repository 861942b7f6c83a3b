import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { ME_AUDIENCE } from '../own/me-audience.js';
import type { ServerConfig } from '../schema/server-config.schema.js';

/** @throws ConfigurationError when no resource is registered by this name */
export function checkAudience(
  config: Pick<ServerConfig, 'resources'>,
  audience: string | undefined,
  setting: string,
): void {
  if (audience === undefined) return;
  checkKnown(audience, new Set(config.resources.map((resource) => resource.audience)), setting);
}

/**
 * A resource of this domain: another domain's authorization server, or a third party, is a target of edges and nothing else.
 * @throws ConfigurationError
 */
export function checkResource({ resources }: ServerConfig, audience: string | undefined, setting: string): void {
  checkAudience({ resources: resources.filter(({ kind }) => kind === 'resource') }, audience, setting);
}

/** @throws ConfigurationError with the accepted values */
export function checkKnown(value: string, known: ReadonlySet<string>, setting: string): void {
  if (!known.has(value)) throw new ConfigurationError(setting, value, [...known].join(', ') || 'nothing is registered');
}

/**
 * Only a person gets tokens for the own resource of people, by a login.
 * @throws ConfigurationError when one of the members names it
 */
export function checkNotOfPeople(
  registered: Readonly<Record<string, unknown>>,
  members: readonly string[],
  path: string,
): void {
  const member = members.find((name) => [registered[name]].flat().includes(ME_AUDIENCE));
  if (member === undefined) return;
  throw new ConfigurationError(`${path}.${member}`, ME_AUDIENCE, 'an audience whose tokens may be exchanged');
}
