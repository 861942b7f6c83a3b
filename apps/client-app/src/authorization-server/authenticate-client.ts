import { clientAssertionParameters, readAssertion } from '@onbehalf/oauth-protocol';
import type { ClientCredentials } from '@onbehalf/service-host';
import { ClientSecretBasic, type ClientAuth } from 'openid-client';

/**
 * Adds the credentials of this app to a request at the authorization server: its secret, or the token that its platform keeps in a
 * file, read anew for each request. RFC 6749 §2.3.1, RFC 7523 §2.2
 */
export function authenticateClient(client: ClientCredentials): ClientAuth {
  if ('clientSecret' in client) return ClientSecretBasic(client.clientSecret);
  const { clientId, assertionFile } = client;
  return (_server, _client, body) => {
    for (const [name, value] of clientAssertionParameters(clientId, readAssertion(assertionFile)))
      body.set(name, value);
  };
}
