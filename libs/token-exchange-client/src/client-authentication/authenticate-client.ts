import {
  clientAssertionClaims,
  clientAssertionParameters,
  formatBasicCredentials,
  readAssertion,
  type Clock,
} from '@onbehalf/oauth-protocol';
import type { ClientAuth } from 'oauth4webapi';
import type {
  ClientAuthentication,
  ClientSecretAuthentication,
  PrivateKeyJwtAuthentication,
  WorkloadAuthentication,
} from './client-authentication.js';
import { ExchangeUnavailable } from '../tokens/exchange-errors.js';
import { jwtSigner } from './signing-key.js';

/** Adds the client's credentials to one request; called again for every attempt. */
export function authenticateClient(authentication: ClientAuthentication, clock: Clock): ClientAuth {
  switch (authentication.method) {
    case 'client_secret_basic':
      return basic(authentication);
    case 'client_secret_post':
      return post(authentication);
    case 'private_key_jwt':
      return 'assertionFile' in authentication ? workload(authentication) : privateKeyJwt(authentication, clock);
    // RFC 8705 §2: the certificate is in the handshake, the form names the client
    case 'tls_client_auth':
    case 'none':
      return (_server, _client, body) => body.set('client_id', authentication.clientId);
  }
}

function basic({ clientId, clientSecret }: ClientSecretAuthentication): ClientAuth {
  const credentials = formatBasicCredentials(clientId, clientSecret);
  return (_server, _client, _body, headers) => headers.set('authorization', credentials);
}

function post({ clientId, clientSecret }: ClientSecretAuthentication): ClientAuth {
  return (_server, _client, body) => {
    body.set('client_id', clientId);
    body.set('client_secret', clientSecret);
  };
}

// RFC 7523 §3; the audience is the issuer alone (RFC 7523bis), the jti is fresh for every attempt
function privateKeyJwt({ clientId, key, audience }: PrivateKeyJwtAuthentication, clock: Clock): ClientAuth {
  const sign = jwtSigner(key);
  return async (server, _client, body) => {
    const claims = clientAssertionClaims(clientId, audience ?? server.issuer, clock());
    const parameters = clientAssertionParameters(clientId, await sign({ typ: 'JWT' }, claims));
    for (const [name, value] of parameters) body.set(name, value);
  };
}

function workload({ clientId, assertionFile }: WorkloadAuthentication): ClientAuth {
  return (_server, _client, body) => {
    for (const [name, value] of clientAssertionParameters(clientId, current(assertionFile))) body.set(name, value);
  };
}

function current(file: string): string {
  try {
    return readAssertion(file);
  } catch (error) {
    throw new ExchangeUnavailable('credentials', (error as Error).message);
  }
}
