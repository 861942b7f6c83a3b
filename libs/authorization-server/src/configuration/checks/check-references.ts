import { ConfigurationError, GrantType, normalizeUri } from '@onbehalf/oauth-protocol';
import { ADMIN_AUDIENCE } from '../own/admin-audience.js';
import { ME_AUDIENCE, ME_SCOPES } from '../own/me-audience.js';
import { OWN_SCOPES } from '../own/own-scopes.js';
import { sectionOf, type ConfigSection } from '../schema/config-section.js';
import type { ResourceConfig, ServerConfig } from '../schema/server-config.schema.js';
import { clientMistakes } from './check-client.js';
import { edgeMistakes } from './check-edge.js';
import { issuerMistakes } from './check-issuer.js';
import { unknownMistakes } from './check-known.js';
import { offMistakes } from './check-off.js';
import { repeatedNames } from './check-repeated.js';

/**
 * What the schema cannot check: names are unique and refer to something. All that is wrong, in the order of the file.
 * @param nameOf how a mistake names a second place
 */
export function* referenceMistakes(
  config: ServerConfig,
  file: string,
  sections: readonly ConfigSection[] = [],
  nameOf = (path: string): string => `${file}: ${path}`,
): Generator<ConfigurationError> {
  yield* repeatedNames(config, file, nameOf);
  yield* resourceMistakes(config, sections, `${file}: resources`);
  for (const [i, issuer] of config.trustedIssuers.entries())
    yield* issuerMistakes(issuer, `${file}: trustedIssuers[${i}]`);
  for (const [i, { username }] of config.users.entries()) {
    yield* subjectMistakes(config, username, `${file}: users[${i}].username`);
  }
  for (const [i, { clientId }] of config.clients.entries())
    yield* nameMistakes(clientId, `${file}: clients[${i}].clientId`);
  for (const [i, client] of config.clients.entries()) yield* clientMistakes(config, client, `${file}: clients[${i}]`);
  const onEdges = [GrantType.TokenExchange, ...sections.flatMap(({ grantTypes = [] }) => grantTypes)];
  for (const [i, edge] of config.edges.entries()) yield* edgeMistakes(config, edge, onEdges, `${file}: edges[${i}]`);
  for (const section of sections) yield* sectionMistakes(section, config, `${file}: ${section.name}`);
  yield* offMistakes(config, sections, file);
}

/** What a section itself finds wrong; it tells one mistake at a time. */
function* sectionMistakes(section: ConfigSection, config: ServerConfig, path: string): Generator<ConfigurationError> {
  const settings = sectionOf(section, config);
  if (settings === undefined) return;
  try {
    section.check?.(settings, config, path);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    yield error;
  }
}

function* resourceMistakes(
  config: ServerConfig,
  sections: readonly ConfigSection[],
  path: string,
): Generator<ConfigurationError> {
  const { resources } = config;
  const on = sections.filter((section) => sectionOf(section, config) !== undefined);
  const ofPeople = new Set<string>([...ME_SCOPES, ...on.flatMap((section) => section.meScopes ?? [])]);
  for (const [i, resource] of resources.entries()) {
    const { audience, typ, scopes } = resource;
    yield* takenNames(config, resource, `${path}[${i}].resource`);
    if (audience === ME_AUDIENCE) {
      for (const [j, scope] of scopes.entries()) yield* unknownMistakes(scope, ofPeople, `${path}[${i}].scopes[${j}]`);
    }
    if ([ADMIN_AUDIENCE, ME_AUDIENCE].includes(audience) && typ !== 'at+jwt') {
      yield new ConfigurationError(`${path}[${i}].typ`, typ, 'at+jwt for this server itself');
    }
    yield* reservedScopes(scopes, `${path}[${i}].scopes`);
  }
}

// a request names a resource by either, so that one's name must not be another's URI
function* takenNames(
  config: ServerConfig,
  { audience, resource }: ResourceConfig,
  setting: string,
): Generator<ConfigurationError> {
  if (resource === undefined) return;
  const isTaken = (name: string): boolean => normalizeUri(name) === normalizeUri(resource);
  if (!config.resources.some((other) => other.audience !== audience && isTaken(other.audience))) return;
  yield new ConfigurationError(setting, resource, 'a URI that is not the audience of another resource');
}

// at login they are asked of this server, and never get into a token for a resource
function* reservedScopes(scopes: readonly string[], setting: string): Generator<ConfigurationError> {
  for (const [i, scope] of scopes.entries()) {
    if (!Object.hasOwn(OWN_SCOPES, scope)) continue;
    yield new ConfigurationError(`${setting}[${i}]`, scope, 'a scope that is not one of this server itself');
  }
}

// RFC 9068 §5: a client identifier must not collide with a user's subject
function* subjectMistakes(config: ServerConfig, username: string, setting: string): Generator<ConfigurationError> {
  if (config.clients.some(({ clientId }) => clientId === username)) {
    yield new ConfigurationError(setting, username, 'a name that no client has as its id');
  }
  yield* nameMistakes(username, setting);
}

// a subject of another issuer is known as iss#sub: nobody here may be taken for one, whichever issuers are trusted later
function* nameMistakes(name: string, setting: string): Generator<ConfigurationError> {
  if (!/^[a-z][a-z0-9+.-]*:[^#]*#/i.test(name)) return;
  yield new ConfigurationError(setting, name, 'a name unlike iss#sub, by which subjects of other issuers are known');
}
