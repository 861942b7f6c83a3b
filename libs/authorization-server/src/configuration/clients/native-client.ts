import { isLoopbackUrl } from '@onbehalf/oauth-protocol';
import type { ClientConfig } from '../schema/server-config.schema.js';

/** Whether codes for it go to whatever listens on the user's own machine. RFC 8252 §7.3 */
export function isLoopbackUri(uri: string): boolean {
  return URL.canParse(uri) && isLoopbackUrl(uri);
}

/** A client that anybody on the user's machine could be: nothing tells it from another there. RFC 8252 §8.6 */
export function isNative({
  authentication,
  redirectUris,
}: Pick<ClientConfig, 'authentication' | 'redirectUris'>): boolean {
  return authentication === 'none' && redirectUris.some(isLoopbackUri);
}
