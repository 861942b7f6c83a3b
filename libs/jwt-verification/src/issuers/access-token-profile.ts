import type { JWTPayload } from 'jose';

/** The shape that one authorization server gives its JWT access tokens. */
export interface AccessTokenProfile {
  readonly name: string;
  /** Accepted values of the `typ` header, lower case and without `application/`; the empty string stands for no `typ`. */
  readonly types: readonly string[];
  /** Claims that name the client; the first that is present counts. */
  readonly clientId: readonly string[];
  /** Claims that say whom the token is for; the first that is present counts. Default `aud`. */
  readonly audience?: readonly string[];
  /** Where roles stand: names of members from the outside in; several places add up. Default none. */
  readonly roles?: readonly (readonly string[])[];
  /** Claims that hold the scopes; the first that is present counts. */
  readonly scope: readonly string[];
  /** How scopes are written: separated by spaces in one string (RFC 8693 §4.2), or as a list. */
  readonly scopeFormat: 'string' | 'list' | 'either';
  /** Claim with the token's identifier; absent: the server gives none, and the hash of what it signed stands for it. */
  readonly jwtId?: string;
  /** Claims that must be present beside `iss`, `exp`, `sub`, `aud`, `iat` and the ones above. */
  readonly required: readonly string[];
  /**
   * Tells access tokens from the other JWTs of the same issuer by their claims, where `typ` does not.
   * Judged after the signature.
   */
  isAccessToken(claims: JWTPayload): boolean;
}

/** JWT Profile for OAuth 2.0 Access Tokens: `typ` alone tells what the token is. RFC 9068 §2. */
export const rfc9068Profile: AccessTokenProfile = {
  name: 'rfc9068',
  types: ['at+jwt'],
  clientId: ['client_id'],
  scope: ['scope'],
  scopeFormat: 'string',
  jwtId: 'jti',
  // RFC 9068 §2.2.3.1
  roles: [['roles']],
  required: [],
  isAccessToken: () => true,
};
