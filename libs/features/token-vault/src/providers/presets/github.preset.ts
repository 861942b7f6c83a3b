import type { ProviderAnswer, ProviderProfile } from '../provider-profile.js';

/** Refusals that GitHub sends with the status 200. */
const ENDED = ['bad_refresh_token', 'invalid_grant'];

/** GitHub, of OAuth Apps (whose tokens do not end) and GitHub Apps (whose tokens end after eight hours, and rotate). */
export const github: ProviderProfile = {
  endpoints: {
    authorization: 'https://github.com/login/oauth/authorize',
    token: 'https://github.com/login/oauth/access_token',
    revocation: 'https://api.github.com/applications/{client_id}/grant',
    userinfo: 'https://api.github.com/user',
  },
  authentication: 'client_secret_post',
  identityScopes: [],
  authorizationParameters: {},
  pkce: true,
  rotates: true,
  narrows: false,
  userinfo: { id: 'id', label: 'login' },
  adapt: refusedWithSuccess,
  ended: (error) => (ENDED.includes(error) ? 'expired' : undefined),
  revoke: ({ id, secret }, accessToken) => ({
    init: {
      method: 'DELETE',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ access_token: accessToken }),
    },
    succeeded: ({ status }) => status === 204,
  }),
};

/** RFC 6749 §5.2 wants 400. */
function refusedWithSuccess({ status, body }: ProviderAnswer): ProviderAnswer {
  return { status: status === 200 && typeof body['error'] === 'string' ? 400 : status, body };
}
