import type { Ended, ProviderAnswer, ProviderProfile } from '../provider-profile.js';

/** What the refusals mean that Slack sends with the status 200. */
const ENDED: Readonly<Record<string, Ended>> = {
  invalid_refresh_token: 'expired',
  token_expired: 'expired',
  token_revoked: 'revoked',
  account_inactive: 'revoked',
  access_denied: 'revoked',
};

/** Slack, with user tokens: they stand inside `authed_user`, and rotate where the app has token rotation on. */
export const slack: ProviderProfile = {
  endpoints: {
    authorization: 'https://slack.com/oauth/v2/authorize',
    token: 'https://slack.com/api/oauth.v2.access',
    revocation: 'https://slack.com/api/auth.revoke',
  },
  // it does not decode what RFC 6749 §2.3.1 has encoded in the header
  authentication: 'client_secret_post',
  identityScopes: [],
  authorizationParameters: {},
  scopes: { parameter: 'user_scope', separator: ',' },
  // an app for which PKCE is turned on becomes a public client for good, and needs no secret any more
  pkce: false,
  rotates: true,
  narrows: false,
  accountOf: ({ user, team }) =>
    typeof user === 'string' && typeof team === 'string' ? { id: `${team}/${user}`, label: user } : undefined,
  adapt,
  ended: (error) => ENDED[error],
  revoke: (_client, accessToken) => ({
    init: { method: 'POST', headers: { authorization: `Bearer ${accessToken}` } },
    succeeded: ({ body }) => body['ok'] === true,
  }),
};

type Members = Readonly<Record<string, unknown>>;

function adapt({ status, body }: ProviderAnswer): ProviderAnswer {
  if (body['ok'] === false) return { status: 400, body: { error: body['error'] } };
  const user = body['authed_user'] as Members | undefined;
  const { access_token, expires_in, refresh_token, scope } = user?.['access_token'] === undefined ? body : user;
  const team = (body['team'] as Members | undefined)?.['id'];
  const told = { access_token, expires_in, refresh_token, scope, user: user?.['id'], team };
  // "user" says whose token it is; it is used as a bearer token
  return { status, body: { ...told, token_type: 'Bearer' } };
}
