import { TokenType } from '@onbehalf/oauth-protocol';
import type { ClientAuthentication } from '../client-authentication/client-authentication.js';
import type { OneOrMore } from '../tokens/token-request.js';

/** The token type that the own server is asked for, by the way into the other domain. */
export const GRANT_TYPES_OF = { 'id-jag': TokenType.IdJag, chaining: TokenType.Jwt } as const;

/** How a downstream service of another domain is reached. */
export interface Across {
  /**
   * `id-jag`: Cross App Access, by an ID-JAG for the ID token, refresh token or SAML assertion that this application holds.
   * `chaining`: identity chaining, by a JWT authorization grant for the access token that this service has received.
   */
  readonly kind: keyof typeof GRANT_TYPES_OF;
  /** The issuer identifier of the other domain's authorization server; its metadata names the token endpoint. */
  readonly audience: string;
  /** The service, as that server names it (RFC 8707). Required for `id-jag`: the own server decides by it. */
  readonly resource?: OneOrMore;
  /** Space-separated or a list, in the words of the other domain. */
  readonly scope?: OneOrMore;
  /** How this service proves itself to that server; nothing of the own domain. */
  readonly clientAuthentication: ClientAuthentication;
  /** The token endpoint of that server, when it is not to be discovered. */
  readonly tokenEndpoint?: string;
}
