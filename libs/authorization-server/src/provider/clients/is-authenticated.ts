import type { IncomingMessage } from 'node:http';
import { OAuthError } from '@onbehalf/oauth-protocol';
import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * Whether the client of an answered request has authenticated. The provider names the client as soon as the request does, before it
 * looks at the secret, and a public client only says who it is. RFC 6749 §2.1, §5.2
 */
export function isAuthenticated({ oidc, body }: KoaContextWithOIDC): boolean {
  const { error } = (body ?? {}) as { error?: string };
  return oidc.client !== undefined && oidc.client.clientAuthMethod !== 'none' && error !== 'invalid_client';
}

/**
 * Whether a request says who its client is, rightly or wrongly. RFC 6749 §2.3
 * @param valueOf the value of a parameter, or whether there is one
 */
export function hasCredentials({ headers }: IncomingMessage, valueOf: (parameter: string) => unknown): boolean {
  if (headers.authorization !== undefined) return true;
  return ['client_id', 'client_secret', 'client_assertion'].some((name) => Boolean(valueOf(name)));
}

/** RFC 6749 §5.2: "no client authentication included" is invalid_client. */
export function noCredentials(): OAuthError {
  return new OAuthError('invalid_client', 'client authentication is required');
}
