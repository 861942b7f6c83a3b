import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * Whether the client itself sends the user to sign out: it names the session by the `sid` of its own ID token, which nobody
 * else knows. OpenID Connect RP-Initiated Logout §2, logout_hint
 */
export function isAskedByClient({ oidc: { client, session, params } }: KoaContextWithOIDC): boolean {
  const sid = client && session?.sidFor(client.clientId);
  return sid !== undefined && params?.['logout_hint'] === sid;
}
