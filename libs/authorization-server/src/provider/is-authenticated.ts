import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * Whether the client of an answered request has authenticated. The provider names the client as soon as the request does, before it
 * looks at the secret, and a public client only says who it is. RFC 6749 §2.1, §5.2
 */
export function isAuthenticated({ oidc, body }: KoaContextWithOIDC): boolean {
  const { error } = (body ?? {}) as { error?: string };
  return oidc.client !== undefined && oidc.client.clientAuthMethod !== 'none' && error !== 'invalid_client';
}
