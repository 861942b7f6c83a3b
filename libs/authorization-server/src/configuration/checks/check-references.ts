import { ConfigurationError, GrantType, normalizeUri } from '@onbehalf/oauth-protocol';
import { ADMIN_AUDIENCE } from '../own/admin-audience.js';
import { ME_AUDIENCE, ME_SCOPES } from '../own/me-audience.js';
import { OWN_SCOPES } from '../own/own-scopes.js';
import { sectionOf, type ConfigSection } from '../schema/config-section.js';
import type { ResourceConfig, ServerConfig } from '../schema/server-config.schema.js';
import { checkClient } from './check-client.js';
import { checkEdge } from './check-edge.js';
import { checkIssuer } from './check-issuer.js';
import { checkOff } from './check-off.js';

/**
 * Checks what the schema cannot: that names are unique and refer to something.
 * @throws ConfigurationError for the first mistake
 */
export function checkReferences(config: ServerConfig, file: string, sections: readonly ConfigSection[] = []): void {
  checkUnique(config.clients, 'clientId', `${file}: clients`);
  checkUnique(config.resources, 'audience', `${file}: resources`);
  const spelled = config.resources.map(({ resource }) => ({ resource: resource && normalizeUri(resource) }));
  checkUnique(spelled, 'resource', `${file}: resources`);
  config.resources.forEach((resource, i) => checkNames(config, resource, `${file}: resources[${i}].resource`));
  const on = sections.filter((section) => sectionOf(section, config) !== undefined);
  const meScopes = [...ME_SCOPES, ...on.flatMap((section) => section.meScopes ?? [])];
  config.resources.forEach(({ audience, typ, scopes }, i) => {
    if (audience === ME_AUDIENCE) checkOwnScopes(scopes, meScopes, `${file}: resources[${i}].scopes`);
    if (![ADMIN_AUDIENCE, ME_AUDIENCE].includes(audience) || typ === 'at+jwt') return;
    throw new ConfigurationError(`${file}: resources[${i}].typ`, typ, 'at+jwt for this server itself');
  });
  config.resources.forEach(({ scopes }, i) => checkNotOwn(scopes, `${file}: resources[${i}].scopes`));
  checkUnique(config.users, 'username', `${file}: users`);
  checkUnique(config.trustedIssuers, 'issuer', `${file}: trustedIssuers`);
  config.trustedIssuers.forEach((issuer, i) => checkIssuer(issuer, `${file}: trustedIssuers[${i}]`));
  config.users.forEach(({ username }, i) => checkSubject(config, username, `${file}: users[${i}].username`));
  config.clients.forEach(({ clientId }, i) => checkName(clientId, `${file}: clients[${i}].clientId`));
  config.clients.forEach((client, i) => checkClient(config, client, `${file}: clients[${i}]`));
  const onEdges = [GrantType.TokenExchange, ...sections.flatMap(({ grantTypes = [] }) => grantTypes)];
  config.edges.forEach((edge, i) => checkEdge(config, edge, onEdges, `${file}: edges[${i}]`));
  for (const section of sections) {
    const settings = sectionOf(section, config);
    if (settings !== undefined) section.check?.(settings, config, `${file}: ${section.name}`);
  }
  checkOff(config, sections, file);
}

function checkUnique<T extends object>(items: readonly T[], key: keyof T & string, path: string): void {
  const seen = new Set<unknown>();
  items.forEach((item, i) => {
    const value = item[key];
    if (value !== undefined && seen.has(value)) {
      throw new ConfigurationError(`${path}[${i}].${key}`, value, 'a value that no other entry has');
    }
    seen.add(value);
  });
}

// a request names a resource by either, so that one's name must not be another's URI
function checkNames(config: ServerConfig, { audience, resource }: ResourceConfig, setting: string): void {
  if (resource === undefined) return;
  const isTaken = (name: string): boolean => normalizeUri(name) === normalizeUri(resource);
  if (!config.resources.some((other) => other.audience !== audience && isTaken(other.audience))) return;
  throw new ConfigurationError(setting, resource, 'a URI that is not the audience of another resource');
}

function checkOwnScopes(scopes: readonly string[], own: readonly string[], setting: string): void {
  const i = scopes.findIndex((scope) => !own.includes(scope));
  if (i >= 0) throw new ConfigurationError(`${setting}[${i}]`, scopes[i], own.join(', '));
}

// at login they are asked of this server, and never get into a token for a resource
function checkNotOwn(scopes: readonly string[], setting: string): void {
  const i = scopes.findIndex((scope) => Object.hasOwn(OWN_SCOPES, scope));
  if (i < 0) return;
  throw new ConfigurationError(`${setting}[${i}]`, scopes[i], 'a scope that is not one of this server itself');
}

// RFC 9068 §5: a client identifier must not collide with a user's subject
function checkSubject(config: ServerConfig, username: string, setting: string): void {
  if (config.clients.some(({ clientId }) => clientId === username)) {
    throw new ConfigurationError(setting, username, 'a name that no client has as its id');
  }
  checkName(username, setting);
}

// a subject of another issuer is known as iss#sub: nobody here may be taken for one, whichever issuers are trusted later
function checkName(name: string, setting: string): void {
  if (!/^[a-z][a-z0-9+.-]*:[^#]*#/i.test(name)) return;
  throw new ConfigurationError(setting, name, 'a name unlike iss#sub, by which subjects of other issuers are known');
}
