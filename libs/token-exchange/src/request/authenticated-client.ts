import type { ClientRegistration } from '../policy/policy.js';

declare const authenticated: unique symbol;

/** A client that has proven who it is. Only {@link authenticatedClient} makes one. */
export type AuthenticatedClient = ClientRegistration & { readonly [authenticated]: true };

/**
 * States that the client of this registration has authenticated, by any method of RFC 6749 §2.3, RFC 7523 §3 or RFC 8705 §2.
 * To be called by the server right after it has verified the client's credentials, and by nothing else.
 */
export function authenticatedClient(registration: ClientRegistration): AuthenticatedClient {
  return { ...registration } as AuthenticatedClient;
}
