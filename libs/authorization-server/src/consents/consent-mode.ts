import type { ClientConfig } from '../configuration/schema/server-config.schema.js';
import { isLoopbackUri } from '../configuration/clients/native-client.js';

/** When a user is asked whether a client may have what it asks for. */
export type ConsentMode = 'asked each time' | 'asked unless remembered' | 'asked unless just signed in' | 'not asked';

type Registered = Pick<ClientConfig, 'authentication' | 'consent'>;

/**
 * When the user of a request is asked. Of a client in the file that says nothing the operator answers for its users, but for access
 * that outlives the session.
 * @param redirectUri of the request: whoever listens on this machine could be a public client, so that none of them passes
 * without its user, who at least signs in. RFC 8252 §8.6
 */
export function consentMode(
  { authentication, consent }: Registered,
  redirectUri: string,
  isOffline: boolean,
): ConsentMode {
  if (authentication === 'none' && isLoopbackUri(redirectUri)) {
    return consent === undefined && !isOffline ? 'asked unless just signed in' : 'asked each time';
  }
  if (consent === 'always') return 'asked each time';
  if (consent === 'remember' || (consent === undefined && isOffline)) return 'asked unless remembered';
  return 'not asked';
}
