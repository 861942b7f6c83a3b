import { formatScope } from '@onbehalf/oauth-protocol';
import type { IssuedToken } from './issued-token.js';

/** The members of a successful response, as they go over the wire. RFC 8693 §2.2.1. */
export interface TokenResponse {
  readonly access_token: string;
  readonly issued_token_type: string;
  readonly token_type: IssuedToken['tokenType'];
  readonly expires_in: number;
  readonly scope?: string;
  /** What the issuer tells beside, RFC 6749 §5.1. */
  readonly [member: string]: unknown;
}

/** The headers that every answer of the token endpoint carries. RFC 6749 §5.1. */
export const TOKEN_RESPONSE_HEADERS = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

/** The response body for an issued token. The scope is always told, not only where it differs from the request. RFC 8693 §2.2.1. */
export function formatTokenResponse(issued: IssuedToken): TokenResponse {
  return {
    ...issued.members,
    access_token: issued.token,
    issued_token_type: issued.issuedTokenType,
    token_type: issued.tokenType,
    expires_in: issued.expiresIn,
    ...(issued.scopes.length > 0 && { scope: formatScope(issued.scopes) }),
  };
}
