import { ConfigurationError, GrantType, normalizeUri } from '@onbehalf/oauth-protocol';
import { ADMIN_AUDIENCE } from '../own/admin-audience.js';
import { checkIssuer } from './check-issuer.js';
import { checkOff } from './check-off.js';
import { sectionOf, type ConfigSection } from '../schema/config-section.js';
import { LONGEST_IMPERSONATION } from '@onbehalf/token-exchange';
import { ME_AUDIENCE, ME_SCOPES } from '../own/me-audience.js';
import { isNative } from '../clients/native-client.js';
import { OWN_SCOPES } from '../own/own-scopes.js';
import type { ClientConfig, EdgeConfig, ResourceConfig, ServerConfig } from '../schema/server-config.schema.js';

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
  config.resources.forEach(({ audience, typ, scopes }, i) => {
    if (audience === ME_AUDIENCE) checkOwnScopes(scopes, `${file}: resources[${i}].scopes`);
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

// of a person only the person itself gets such tokens, by a login
function checkNotOfPeople(
  registered: Readonly<Record<string, unknown>>,
  members: readonly string[],
  path: string,
): void {
  const member = members.find((name) => [registered[name]].flat().includes(ME_AUDIENCE));
  if (member === undefined) return;
  throw new ConfigurationError(`${path}.${member}`, ME_AUDIENCE, 'an audience whose tokens may be exchanged');
}

function checkOwnScopes(scopes: readonly string[], setting: string): void {
  const i = scopes.findIndex((scope) => !ME_SCOPES.some((own) => own === scope));
  if (i >= 0) throw new ConfigurationError(`${setting}[${i}]`, scopes[i], ME_SCOPES.join(', '));
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

function checkClient(config: ServerConfig, client: ClientConfig, path: string): void {
  checkCredentials(client, path);
  const { authentication, grantTypes, redirectUris } = client;
  // RFC 6749 §4.4: "The client credentials grant type MUST only be used by confidential clients"
  if (authentication === 'none' && grantTypes.includes(GrantType.ClientCredentials)) {
    const accepted = 'no client_credentials, because authentication is none';
    throw new ConfigurationError(`${path}.grantTypes`, grantTypes, accepted);
  }
  if (grantTypes.includes(GrantType.AuthorizationCode) && redirectUris.length === 0) {
    throw new ConfigurationError(`${path}.redirectUris`, redirectUris, 'at least one URL for authorization_code');
  }
  if (client.dpopBound && client.certificateBound) {
    throw new ConfigurationError(`${path}.certificateBound`, true, 'one of dpopBound and certificateBound');
  }
  // RFC 8252 §8.6: nothing tells it from another program of the user's machine
  if (client.consent === 'skip' && isNative(client)) {
    throw new ConfigurationError(`${path}.consent`, 'skip', 'always or remember for a public client on loopback');
  }
  checkDirectAccess(config, client, path);
  checkNotOfPeople({ ...client }, ['defaultTarget', 'represents'], path);
  checkResource(config, client.defaultTarget, `${path}.defaultTarget`);
  client.represents.forEach((audience, i) => checkResource(config, audience, `${path}.represents[${i}]`));
  const known = new Set([...Object.keys(OWN_SCOPES), ...config.resources.flatMap(({ scopes }) => scopes)]);
  client.scopes.forEach((scope, i) => checkKnown(scope, known, `${path}.scopes[${i}]`));
}

function checkDirectAccess(config: ServerConfig, { resources, defaultResource }: ClientConfig, path: string): void {
  resources?.forEach((audience, i) => checkResource(config, audience, `${path}.resources[${i}]`));
  checkResource(config, defaultResource, `${path}.defaultResource`);
  if (resources && defaultResource !== undefined) {
    checkKnown(defaultResource, new Set(resources), `${path}.defaultResource`);
  }
}

function checkCredentials({ authentication, secret, jwks, assertionAudience }: ClientConfig, path: string): void {
  const bySecret = authentication === 'client_secret_basic' || authentication === 'client_secret_post';
  if (bySecret && secret === undefined) {
    throw new ConfigurationError(`${path}.secret`, undefined, `a secret, because authentication is ${authentication}`);
  }
  if (!bySecret && secret !== undefined) {
    throw new ConfigurationError(
      `${path}.secret`,
      '(hidden)',
      `no secret, because authentication is ${authentication}`,
    );
  }
  if (assertionAudience !== 'issuer' && authentication !== 'private_key_jwt') {
    throw new ConfigurationError(`${path}.assertionAudience`, assertionAudience, 'it only for private_key_jwt');
  }
  if ((authentication === 'private_key_jwt') !== (jwks !== undefined)) {
    throw new ConfigurationError(`${path}.jwks`, jwks && '(hidden)', 'public keys exactly for private_key_jwt');
  }
}

function checkEdge(config: ServerConfig, edge: EdgeConfig, grantTypes: readonly string[], path: string): void {
  const client = config.clients.find(({ clientId }) => clientId === edge.client);
  if (!client) throw new ConfigurationError(`${path}.client`, edge.client, 'the clientId of a registered client');
  if (!client.grantTypes.some((grantType) => grantTypes.includes(grantType))) {
    throw new ConfigurationError(`${path}.client`, edge.client, `a client with grant type ${grantTypes.join(' or ')}`);
  }
  checkNotOfPeople({ ...edge }, ['subjectAudience', 'target'], path);
  if (edge.mode === 'administrative') checkAdministrative(edge, path);
  else checkSubjectAudience(edge, client, path);
  checkAudience(config, edge.target, `${path}.target`);
  const isServer = config.resources.some(({ audience, kind }) => audience === edge.target && kind !== 'resource');
  if (isServer && edge.mode !== 'delegation') {
    throw new ConfigurationError(`${path}.mode`, edge.mode, 'delegation, because the target is another domain');
  }
  if (edge.mode === 'impersonation' && edge.actor !== undefined) {
    throw new ConfigurationError(`${path}.actor`, edge.actor, 'no actor, because mode is impersonation');
  }
  checkEdgeScopes(config, edge, path);
}

// what would be without effect there, and what must not be open to an administrator who uses an account
function checkAdministrative(edge: EdgeConfig, path: string): void {
  const left = WITHOUT_EFFECT.find((member) => edge[member] !== undefined);
  if (left !== undefined) {
    throw new ConfigurationError(`${path}.${left}`, edge[left], `no ${left}, because mode is administrative`);
  }
  if ([ADMIN_AUDIENCE, ME_AUDIENCE].includes(edge.target)) {
    throw new ConfigurationError(`${path}.target`, edge.target, 'another resource than those of this server');
  }
  const [scope] = Object.entries(edge.scopes).find(([, { requires }]) => requires !== undefined) ?? [];
  if (scope !== undefined) {
    const accepted = 'none, because a user that is only named holds no scopes';
    throw new ConfigurationError(`${path}.scopes.${scope}.requires`, edge.scopes[scope]?.requires, accepted);
  }
  if ((edge.timeToLive ?? 0) <= LONGEST_IMPERSONATION) return;
  throw new ConfigurationError(`${path}.timeToLive`, edge.timeToLive, `at most ${LONGEST_IMPERSONATION} seconds`);
}

const WITHOUT_EFFECT = [
  'subjectAudience',
  'actor',
  'actors',
  'subjectTypes',
  'subjectIssuers',
  'issues',
  'rebind',
  'reason',
] as const;

// an ID token has the client itself as its audience, OpenID Connect Core §2
function checkSubjectAudience(
  { subjectAudience, disclose }: EdgeConfig,
  { represents, clientId }: ClientConfig,
  path: string,
): void {
  if (disclose !== undefined) {
    throw new ConfigurationError(`${path}.disclose`, disclose, 'it only with the mode administrative');
  }
  if (represents.includes(subjectAudience ?? '') || subjectAudience === clientId) return;
  const accepted = `an audience that the client represents (${represents.join(', ') || 'none'})`;
  throw new ConfigurationError(`${path}.subjectAudience`, subjectAudience, accepted);
}

function checkEdgeScopes(config: ServerConfig, edge: EdgeConfig, path: string): void {
  const scopesOf = (audience?: string): Set<string> =>
    new Set(config.resources.find((resource) => resource.audience === audience)?.scopes);
  for (const [scope, { requires = [] }] of Object.entries(edge.scopes)) {
    checkKnown(scope, scopesOf(edge.target), `${path}.scopes`);
    const held = scopesOf(edge.subjectAudience);
    for (const required of requires) checkKnown(required, held, `${path}.scopes.${scope}.requires`);
  }
}

function checkAudience(config: Pick<ServerConfig, 'resources'>, audience: string | undefined, setting: string): void {
  if (audience === undefined) return;
  checkKnown(audience, new Set(config.resources.map((resource) => resource.audience)), setting);
}

// another domain's authorization server is a target of edges, and nothing else
function checkResource({ resources }: ServerConfig, audience: string | undefined, setting: string): void {
  checkAudience({ resources: resources.filter(({ kind }) => kind === 'resource') }, audience, setting);
}

function checkKnown(value: string, known: ReadonlySet<string>, setting: string): void {
  if (!known.has(value)) throw new ConfigurationError(setting, value, [...known].join(', ') || 'nothing is registered');
}
