import { ConfigurationError, isOfProfile } from '@onbehalf/oauth-protocol';
import { sectionOf, type ConfigSection } from '../schema/config-section.js';
import type { ServerConfig } from '../schema/server-config.schema.js';

/**
 * What belongs to a section is used only with it: a grant that nobody answers would be refused to the client only.
 * @throws ConfigurationError
 */
export function checkOff(config: ServerConfig, sections: readonly ConfigSection[], file: string): void {
  const isOn = (section: ConfigSection): boolean => sectionOf(section, config) !== undefined;
  for (const section of sections) {
    if (isOn(section)) continue;
    checkModes(config, section, file);
    checkProfiles(config, section, file);
    checkKinds(config, section, file);
  }
  for (const [i, client] of config.clients.entries()) {
    for (const grantType of client.grantTypes) {
      const offering = sections.filter(({ grantTypes = [] }) => grantTypes.includes(grantType));
      if (offering.length === 0 || offering.some(isOn)) continue;
      const names = offering.map(({ name }) => name).join(' or ');
      const accepted = `this grant only with the section ${names}`;
      throw new ConfigurationError(`${file}: clients[${i}].grantTypes`, grantType, accepted);
    }
  }
}

function checkProfiles({ clients }: ServerConfig, { name, subProfiles = [] }: ConfigSection, file: string): void {
  const i = clients.findIndex(({ subProfile }) => subProfiles.some((one) => isOfProfile(one, subProfile)));
  if (i < 0) return;
  const accepted = `this profile only with the section ${name}`;
  throw new ConfigurationError(`${file}: clients[${i}].subProfile`, clients[i]!.subProfile, accepted);
}

function checkModes({ edges }: ServerConfig, { name, edgeModes = [] }: ConfigSection, file: string): void {
  const i = edges.findIndex(({ mode }) => edgeModes.includes(mode));
  if (i < 0) return;
  throw new ConfigurationError(`${file}: edges[${i}].mode`, edges[i]!.mode, `this mode only with the section ${name}`);
}

function checkKinds({ resources }: ServerConfig, { name, resourceKinds = [] }: ConfigSection, file: string): void {
  const i = resources.findIndex(({ kind }) => resourceKinds.includes(kind));
  if (i < 0) return;
  const accepted = `this kind only with the section ${name}`;
  throw new ConfigurationError(`${file}: resources[${i}].kind`, resources[i]!.kind, accepted);
}
