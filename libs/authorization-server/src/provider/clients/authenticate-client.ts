import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client, default as Provider } from 'oidc-provider';
import { clientOf, contextAt, type Parameters } from '../seam/request-seam.js';

/** What a client may send in the body to authenticate. RFC 6749 §2.3.1, RFC 7521 §4.2. */
export const AUTHENTICATION_PARAMETERS = [
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
] as const;

/**
 * The client that a request authenticates, by the rules of the token endpoint: the same methods, assertions for the issuer
 * alone and used once. RFC 6749 §2.3, RFC 7523 §3.
 * @param form the parameters of the body
 * @throws OIDCProviderError when it does not authenticate
 */
export async function authenticateClient(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  form: Readonly<Record<string, unknown>>,
): Promise<Client | undefined> {
  const named = AUTHENTICATION_PARAMETERS.map((name) => [name, form[name] || undefined] as const);
  const parameters = Object.fromEntries(named) as Parameters;
  const client = await clientOf(contextAt('introspection', provider, request, response, parameters));
  // RFC 6749 §2.1: a public client only says who it is
  return client.clientAuthMethod === 'none' ? undefined : client;
}
