import type { ProviderProfile } from '../provider-profile.js';

/**
 * Google. A refresh token comes only with `access_type=offline`, and again only when the user is asked again; it is not replaced.
 * Whoever has withdrawn the consent is told from nobody whose token ran out: both are `invalid_grant`.
 */
export const google: ProviderProfile = {
  issuer: 'https://accounts.google.com',
  endpoints: {
    authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
    token: 'https://oauth2.googleapis.com/token',
    revocation: 'https://oauth2.googleapis.com/revoke',
  },
  authentication: 'client_secret_post',
  identityScopes: ['openid', 'email', 'https://www.googleapis.com/auth/userinfo.email'],
  authorizationParameters: { access_type: 'offline', prompt: 'consent' },
  pkce: true,
  rotates: false,
  narrows: false,
  ended: (error) => (error === 'invalid_grant' ? 'revoked' : undefined),
};
