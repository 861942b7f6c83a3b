/** Token type identifiers. RFC 8693 §3; `IdJag` is from the Identity Assertion Authorization Grant draft. */
export const TokenType = {
  /** An OAuth 2.0 access token issued by the authorization server that is asked. */
  AccessToken: 'urn:ietf:params:oauth:token-type:access_token',
  RefreshToken: 'urn:ietf:params:oauth:token-type:refresh_token',
  /** An OpenID Connect ID token. */
  IdToken: 'urn:ietf:params:oauth:token-type:id_token',
  /** A base64url-encoded SAML 1.1 assertion. */
  Saml1: 'urn:ietf:params:oauth:token-type:saml1',
  /** A base64url-encoded SAML 2.0 assertion. */
  Saml2: 'urn:ietf:params:oauth:token-type:saml2',
  /** Any JWT, without a statement of what it is used for. */
  Jwt: 'urn:ietf:params:oauth:token-type:jwt',
  /** The id of a user of this server, which an administrator is to use the account of. Proves nothing. */
  UserId: 'urn:onbehalf:params:oauth:token-type:user-id',
  /** The access token of a third party at which the subject has linked an account. */
  ConnectedAccount: 'urn:onbehalf:params:oauth:token-type:connected-account',
  IdJag: 'urn:ietf:params:oauth:token-type:id-jag',
} as const;
