import { ConfigurationError, GrantType } from '@onbehalf/oauth-protocol';
import { isNative } from '../clients/native-client.js';
import { OWN_SCOPES } from '../own/own-scopes.js';
import type { ClientConfig, ServerConfig } from '../schema/server-config.schema.js';
import { checkKnown, checkNotOfPeople, checkResource } from './check-known.js';

/**
 * Checks that a client fits together, and that what it names is registered.
 * @throws ConfigurationError for the first mistake
 */
export function checkClient(config: ServerConfig, client: ClientConfig, path: string): void {
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
  checkOwner(config, client, `${path}.owner`);
  const known = new Set([...Object.keys(OWN_SCOPES), ...config.resources.flatMap(({ scopes }) => scopes)]);
  client.scopes.forEach((scope, i) => checkKnown(scope, known, `${path}.scopes[${i}]`));
}

function checkOwner({ users }: ServerConfig, { owner }: ClientConfig, setting: string): void {
  if (owner === undefined || users.some(({ username }) => username === owner)) return;
  throw new ConfigurationError(setting, owner, 'the username of a registered user');
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
