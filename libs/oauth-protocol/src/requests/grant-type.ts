/** Values of the `grant_type` parameter. RFC 6749 §4, §6; RFC 8693 §2.1; RFC 7523 §2.1. */
export const GrantType = {
  AuthorizationCode: 'authorization_code',
  RefreshToken: 'refresh_token',
  ClientCredentials: 'client_credentials',
  TokenExchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  JwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
} as const;

export type GrantType = (typeof GrantType)[keyof typeof GrantType];
