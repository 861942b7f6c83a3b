import { ConfigurationError, isOfProfile } from '@onbehalf/oauth-protocol';
import { sectionOf, type ConfigSection } from '../schema/config-section.js';
import type { ServerConfig } from '../schema/server-config.schema.js';

/** What belongs to a section is used only with it: a grant that nobody answers would be refused to the client only. */
export function* offMistakes(
  config: ServerConfig,
  sections: readonly ConfigSection[],
  file: string,
): Generator<ConfigurationError> {
  const isOn = (section: ConfigSection): boolean => sectionOf(section, config) !== undefined;
  for (const section of sections) {
    if (isOn(section)) continue;
    yield* modeMistakes(config, section, file);
    yield* profileMistakes(config, section, file);
    yield* kindMistakes(config, section, file);
  }
  for (const [i, client] of config.clients.entries()) {
    for (const grantType of client.grantTypes) {
      const offering = sections.filter(({ grantTypes = [] }) => grantTypes.includes(grantType));
      if (offering.length === 0 || offering.some(isOn)) continue;
      const names = offering.map(({ name }) => name).join(' or ');
      const accepted = `this grant only with the section ${names}`;
      yield new ConfigurationError(`${file}: clients[${i}].grantTypes`, grantType, accepted);
    }
  }
}

function* profileMistakes(
  { clients }: ServerConfig,
  { name, subProfiles = [] }: ConfigSection,
  file: string,
): Generator<ConfigurationError> {
  for (const [i, { subProfile }] of clients.entries()) {
    if (!subProfiles.some((one) => isOfProfile(one, subProfile))) continue;
    const accepted = `this profile only with the section ${name}`;
    yield new ConfigurationError(`${file}: clients[${i}].subProfile`, subProfile, accepted);
  }
}

function* kindMistakes(
  { resources }: ServerConfig,
  { name, resourceKinds = [] }: ConfigSection,
  file: string,
): Generator<ConfigurationError> {
  for (const [i, { kind }] of resources.entries()) {
    if (!resourceKinds.includes(kind)) continue;
    yield new ConfigurationError(`${file}: resources[${i}].kind`, kind, `this kind only with the section ${name}`);
  }
}

function* modeMistakes(
  { edges }: ServerConfig,
  { name, edgeModes = [] }: ConfigSection,
  file: string,
): Generator<ConfigurationError> {
  for (const [i, { mode }] of edges.entries()) {
    if (!edgeModes.includes(mode)) continue;
    yield new ConfigurationError(`${file}: edges[${i}].mode`, mode, `this mode only with the section ${name}`);
  }
}
