import type { TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client';
import { newCsrfToken } from '../session/csrf.js';
import type { Login } from '../session/session-data.js';

/** Reads a login from the answer to an authorization code. */
export function toLogin(tokens: TokenEndpointResponse & TokenEndpointResponseHelpers): Login {
  const claims = tokens.claims();
  if (!claims) throw new Error('The token response holds no ID token');
  return {
    subject: claims.sub,
    // OpenID Connect Core §2: without azp, the audience is the authorized party
    authorizedParty: claims.azp ?? [claims.aud].flat().join(' '),
    ...(typeof claims['sid'] === 'string' && { sessionId: claims['sid'] }),
    signedInAt: Date.now(),
    csrf: newCsrfToken(),
    ...accessOf(tokens),
  };
}

/** A login with the tokens of a refresh; a refresh token that was not replaced stays (RFC 6749 §6). */
export function refreshed(login: Login, tokens: TokenEndpointResponse & TokenEndpointResponseHelpers): Login {
  return {
    ...login,
    expiresAt: undefined,
    ...accessOf(tokens),
  };
}

function accessOf(
  tokens: TokenEndpointResponse & TokenEndpointResponseHelpers,
): Pick<Login, 'accessToken'> & Partial<Login> {
  const expiresIn = tokens.expiresIn();
  return {
    accessToken: tokens.access_token,
    ...(tokens.id_token !== undefined && { idToken: tokens.id_token }),
    ...(tokens.refresh_token !== undefined && { refreshToken: tokens.refresh_token }),
    ...(expiresIn !== undefined && { expiresAt: Date.now() + expiresIn * 1000 }),
  };
}
