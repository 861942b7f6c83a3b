import { timingSafeEqual } from 'node:crypto';
import { GrantType, OAuthError, repeatableParameter, singleParameter, TokenType } from '@onbehalf/oauth-protocol';
import type { ReceivedRequest } from './test-server.js';

/** What a client asks the token endpoint for. RFC 8693 §2.1, RFC 6749 §4.4.2 */
export interface TokenRequest {
  readonly clientId: string;
  readonly grantType: typeof GrantType.TokenExchange | typeof GrantType.ClientCredentials;
  readonly targets: readonly string[];
  readonly scopes: readonly string[];
  readonly requestedType: string;
  readonly subjectToken?: string;
  readonly actorToken?: string;
}

const JWTS: readonly string[] = [TokenType.AccessToken, TokenType.Jwt];

/** @throws OAuthError for what a token endpoint refuses by its form */
export function readTokenRequest(request: ReceivedRequest, clients: Readonly<Record<string, string>>): TokenRequest {
  const { form, headers, method } = request;
  if (method !== 'POST') throw new OAuthError('invalid_request', 'The token endpoint takes POST', { status: 405 });
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    throw new OAuthError('invalid_request', 'The body must be application/x-www-form-urlencoded');
  }
  const clientId = authenticate(request, clients);
  if (headers['dpop'] !== undefined) throw new OAuthError('invalid_dpop_proof', 'This server binds no tokens');
  const grantType = singleParameter(form, 'grant_type');
  if (grantType === undefined) throw new OAuthError('invalid_request', 'grant_type is missing');
  const common = {
    clientId,
    targets: [...repeatableParameter(form, 'audience'), ...repeatableParameter(form, 'resource')],
    scopes: (singleParameter(form, 'scope') ?? '').split(' ').filter((scope) => scope !== ''),
    requestedType: singleParameter(form, 'requested_token_type') ?? TokenType.AccessToken,
  };
  if (grantType === GrantType.ClientCredentials) return { ...common, grantType };
  if (grantType !== GrantType.TokenExchange) {
    throw new OAuthError('unsupported_grant_type', 'This server knows token exchange and client credentials');
  }
  if (!JWTS.includes(common.requestedType)) {
    throw new OAuthError('invalid_request', 'requested_token_type is not supported');
  }
  const subjectToken = typedToken(form, 'subject');
  if (subjectToken === undefined) throw new OAuthError('invalid_request', 'subject_token is missing');
  const actorToken = typedToken(form, 'actor');
  return { ...common, grantType, subjectToken, ...(actorToken !== undefined && { actorToken }) };
}

/** A token and its type, which stand or miss together. RFC 8693 §2.1 */
function typedToken(form: URLSearchParams, role: 'subject' | 'actor'): string | undefined {
  const [token, type] = [singleParameter(form, `${role}_token`), singleParameter(form, `${role}_token_type`)];
  if (token === undefined && type === undefined) return undefined;
  if (token === undefined) throw new OAuthError('invalid_request', `${role}_token is missing`);
  if (type === undefined) throw new OAuthError('invalid_request', `${role}_token_type is missing`);
  if (!JWTS.includes(type)) throw new OAuthError('invalid_request', `${role}_token_type is not supported`);
  return token;
}

/** RFC 6749 §2.3.1: by header or by form, never by both. */
function authenticate({ form, headers }: ReceivedRequest, clients: Readonly<Record<string, string>>): string {
  const [named, secret] = [singleParameter(form, 'client_id'), singleParameter(form, 'client_secret')];
  const { authorization } = headers;
  if (authorization !== undefined && secret !== undefined) {
    throw new OAuthError('invalid_request', 'The client authenticates in more than one way');
  }
  const basic = authorization === undefined ? undefined : readBasic(authorization);
  const [clientId, presented] = basic ?? [named, secret];
  const expected = clientId !== undefined && Object.hasOwn(clients, clientId) ? clients[clientId] : undefined;
  if (clientId === undefined || presented === undefined || !isSame(expected, presented)) {
    throw new OAuthError('invalid_client', 'Client authentication failed');
  }
  if (named !== undefined && named !== clientId) {
    throw new OAuthError('invalid_request', 'client_id is not that of the authenticated client');
  }
  return clientId;
}

function readBasic(authorization: string): [string, string] {
  const [, encoded = ''] = /^Basic ([\w+/=]+)$/i.exec(authorization) ?? [];
  const [, id = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  const decode = (value: string): string => new URLSearchParams(`v=${value}`).get('v') ?? '';
  return [decode(id), decode(secret)];
}

function isSame(expected: string | undefined, presented: string): boolean {
  if (expected === undefined) return false;
  const [a, b] = [Buffer.from(expected), Buffer.from(presented)];
  return a.length === b.length && timingSafeEqual(a, b);
}
