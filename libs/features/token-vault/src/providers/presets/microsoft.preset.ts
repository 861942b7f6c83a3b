import type { ProviderAnswer, ProviderProfile } from '../provider-profile.js';

const GRAPH = 'https://graph.microsoft.com/';

/** Codes of refusals that say that the user, or an administrator, has ended the consent. */
const REVOKED = /AADSTS(?:50173|65001|50057|70000|700003)\b/;

/**
 * Microsoft identity platform. Refresh tokens are replaced, and the one before goes on for a while; nothing is revoked by request.
 * @param tenant the id of the tenant: the issuer of its tokens has it
 */
export function microsoft(tenant: string): ProviderProfile {
  const base = `https://login.microsoftonline.com/${tenant}`;
  return {
    issuer: `${base}/v2.0`,
    endpoints: {
      authorization: `${base}/oauth2/v2.0/authorize`,
      token: `${base}/oauth2/v2.0/token`,
    },
    authentication: 'client_secret_post',
    identityScopes: ['openid', 'profile', 'email', 'offline_access'],
    authorizationParameters: {},
    pkce: true,
    rotates: true,
    narrows: false,
    adapt: ({ status, body }: ProviderAnswer) => ({ status, body: { ...body, ...shortScopes(body['scope']) } }),
    ended: (error, description) => {
      // a conditional access policy wants the user
      if (error === 'interaction_required') return 'expired';
      if (error !== 'invalid_grant') return undefined;
      return REVOKED.test(description) ? 'revoked' : 'expired';
    },
  };
}

/** Scopes of Graph are asked for by their short name, and may come back by the long one. */
function shortScopes(scope: unknown): object {
  if (typeof scope !== 'string') return {};
  const short = scope.split(' ').map((each) => (each.startsWith(GRAPH) ? each.slice(GRAPH.length) : each));
  return { scope: short.join(' ') };
}
