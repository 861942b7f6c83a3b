import { ConfigurationError, GrantType } from '@onbehalf/oauth-protocol';
import { isNative } from '../clients/native-client.js';
import { OWN_SCOPES } from '../own/own-scopes.js';
import type { ClientConfig, ServerConfig } from '../schema/server-config.schema.js';
import { ofPeopleMistakes, resourceMistakes, unknownMistakes } from './check-known.js';
import { workloadMistakes } from './check-workload.js';

/** A client fits together, and what it names is registered. */
export function* clientMistakes(
  config: ServerConfig,
  client: ClientConfig,
  path: string,
): Generator<ConfigurationError> {
  yield* credentialMistakes(client, path);
  yield* workloadMistakes(config, client, path);
  const { authentication, grantTypes, redirectUris } = client;
  // RFC 6749 §4.4: "The client credentials grant type MUST only be used by confidential clients"
  if (authentication === 'none' && grantTypes.includes(GrantType.ClientCredentials)) {
    const accepted = 'no client_credentials, because authentication is none';
    yield new ConfigurationError(`${path}.grantTypes`, grantTypes, accepted);
  }
  if (grantTypes.includes(GrantType.AuthorizationCode) && redirectUris.length === 0) {
    yield new ConfigurationError(`${path}.redirectUris`, redirectUris, 'at least one URL for authorization_code');
  }
  if (client.dpopBound && client.certificateBound) {
    yield new ConfigurationError(`${path}.certificateBound`, true, 'one of dpopBound and certificateBound');
  }
  // RFC 8252 §8.6: nothing tells it from another program of the user's machine
  if (client.consent === 'skip' && isNative(client)) {
    yield new ConfigurationError(`${path}.consent`, 'skip', 'always or remember for a public client on loopback');
  }
  yield* directAccessMistakes(config, client, path);
  yield* ofPeopleMistakes({ ...client }, ['defaultTarget', 'represents'], path);
  yield* resourceMistakes(config, client.defaultTarget, `${path}.defaultTarget`);
  for (const [i, audience] of client.represents.entries()) {
    yield* resourceMistakes(config, audience, `${path}.represents[${i}]`);
  }
  yield* ownerMistakes(config, client, `${path}.owner`);
  const known = new Set([...Object.keys(OWN_SCOPES), ...config.resources.flatMap(({ scopes }) => scopes)]);
  for (const [i, scope] of client.scopes.entries()) yield* unknownMistakes(scope, known, `${path}.scopes[${i}]`);
}

function* ownerMistakes(
  { users }: ServerConfig,
  { owner }: ClientConfig,
  setting: string,
): Generator<ConfigurationError> {
  if (owner === undefined || users.some(({ username }) => username === owner)) return;
  yield new ConfigurationError(setting, owner, 'the username of a registered user');
}

function* directAccessMistakes(
  config: ServerConfig,
  { resources, defaultResource }: ClientConfig,
  path: string,
): Generator<ConfigurationError> {
  for (const [i, audience] of (resources ?? []).entries()) {
    yield* resourceMistakes(config, audience, `${path}.resources[${i}]`);
  }
  yield* resourceMistakes(config, defaultResource, `${path}.defaultResource`);
  if (resources && defaultResource !== undefined) {
    yield* unknownMistakes(defaultResource, new Set(resources), `${path}.defaultResource`);
  }
}

function* credentialMistakes(
  { authentication, secret, jwks, workload, assertionAudience }: ClientConfig,
  path: string,
): Generator<ConfigurationError> {
  const bySecret = authentication === 'client_secret_basic' || authentication === 'client_secret_post';
  if (bySecret && secret === undefined) {
    yield new ConfigurationError(`${path}.secret`, undefined, `a secret, because authentication is ${authentication}`);
  }
  if (!bySecret && secret !== undefined) {
    yield new ConfigurationError(
      `${path}.secret`,
      '(hidden)',
      `no secret, because authentication is ${authentication}`,
    );
  }
  if (assertionAudience !== 'issuer' && authentication !== 'private_key_jwt') {
    yield new ConfigurationError(`${path}.assertionAudience`, assertionAudience, 'it only for private_key_jwt');
  }
  if (workload) {
    yield* ofWorkloadMistakes(authentication, assertionAudience, jwks, path);
  } else if ((authentication === 'private_key_jwt') !== (jwks !== undefined)) {
    yield new ConfigurationError(`${path}.jwks`, jwks && '(hidden)', 'public keys exactly for private_key_jwt');
  }
}

// the keys are those of the issuer, and its tokens are for one audience
function* ofWorkloadMistakes(
  authentication: ClientConfig['authentication'],
  assertionAudience: ClientConfig['assertionAudience'],
  jwks: ClientConfig['jwks'],
  path: string,
): Generator<ConfigurationError> {
  if (authentication !== 'private_key_jwt') {
    const accepted = 'private_key_jwt, because there is a workload';
    yield new ConfigurationError(`${path}.authentication`, authentication, accepted);
  }
  if (jwks) yield new ConfigurationError(`${path}.jwks`, '(hidden)', 'no keys, because those of the workload are used');
  if (assertionAudience !== 'issuer') {
    const accepted = 'workload.audience in its place, because there is a workload';
    yield new ConfigurationError(`${path}.assertionAudience`, assertionAudience, accepted);
  }
}
