import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, postForm } from '@onbehalf/testing-internal';

/** How user-service authenticates at the demo's authorization server. */
export const USER_SERVICE = basic('user-service', 'user-service-secret');

const headers = { authorization: USER_SERVICE };

/** A token of user-service for itself. RFC 6749 §4.4 */
export async function ownToken(server: string): Promise<string> {
  const grant = { grant_type: GrantType.ClientCredentials, scope: 'user.read' };
  const { body } = await postForm(`${server}/oauth2/token`, grant, headers);
  return String(body['access_token']);
}

/** Exchanges such a token for one for message-service, so many times. Returns the statuses of the answers. */
export async function exchangeOwnToken(server: string, times: number): Promise<number[]> {
  const exchange = {
    grant_type: GrantType.TokenExchange,
    subject_token: await ownToken(server),
    subject_token_type: TokenType.AccessToken,
    audience: 'message-service',
    scope: 'message.read',
  };
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) statuses.push((await postForm(`${server}/oauth2/token`, exchange, headers)).status);
  return statuses;
}
