import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, IMPERSONATION_CLAIM, TokenType } from '@onbehalf/oauth-protocol';
import { now, type Answer } from './domain.fixture.js';
import { Home, HOME } from './home.fixture.js';
import { ORDERS, PARTNER } from './partner.fixture.js';

const outcome = ({ status, body }: Answer): unknown[] => [status, body['error']];

let home: Home;
beforeAll(async () => {
  home = await Home.open();
}, 60_000);
afterAll(() => home.domain.close());

type Attack = [string, () => Promise<string>, Record<string, string | undefined>, string, string?];
const id =
  (claims: Record<string, unknown> = {}, typ?: string) =>
  () =>
    home.idToken(claims, typ);

const attacks: Attack[] = [
  ['31: the ID token of another client', id({ aud: 'other-web' }), {}, 'invalid_request'],
  ['31: an ID token of several clients without azp', id({ aud: ['web', 'other-web'] }), {}, 'invalid_request'],
  [
    '31: an ID token of several clients for another',
    id({ aud: ['web', 'other-web'], azp: 'other-web' }),
    {},
    'invalid_request',
  ],
  ['an ID token for one whose azp is another', id({ azp: 'other-web' }), {}, 'invalid_request'],
  ['an ID token that the client has stolen by name', id({ aud: 'WEB' }), {}, 'invalid_request'],
  ['an ID token that has expired', id({ exp: now() - 60 }), {}, 'invalid_request'],
  ['an ID token of the future', id({ iat: now() + 600, exp: now() + 900 }), {}, 'invalid_request'],
  ['an access token as an ID token', id({}, 'at+jwt'), {}, 'invalid_request'],
  ['a logout token as an ID token', id({ events: {} }, 'logout+jwt'), {}, 'invalid_request'],
  ['an ID-JAG as an ID token', id({ client_id: 'app' }, 'oauth-id-jag+jwt'), {}, 'invalid_request'],
  [
    'an access token as itself',
    () => home.domain.accessToken({ aud: 'web' }),
    { subject_token_type: TokenType.AccessToken },
    'invalid_request',
  ],
  [
    'an access token as a JWT',
    () => home.domain.accessToken({ aud: 'web' }),
    { subject_token_type: TokenType.Jwt },
    'invalid_request',
  ],
  ['an ID token as a JWT', id(), { subject_token_type: TokenType.Jwt }, 'invalid_request'],
  ['an ID token as an access token', id(), { subject_token_type: TokenType.AccessToken }, 'invalid_request'],
  ['an ID token as a refresh token', id(), { subject_token_type: TokenType.RefreshToken }, 'invalid_request'],
  [
    'an ID-JAG as a subject of its own type',
    id({ client_id: 'web', aud: HOME }, 'oauth-id-jag+jwt'),
    { subject_token_type: TokenType.IdJag },
    'invalid_request',
  ],
  [
    'an unknown refresh token',
    () => Promise.resolve('r'.repeat(43)),
    { subject_token_type: TokenType.RefreshToken },
    'invalid_request',
  ],
  [
    'a refresh token of 5,000 characters',
    () => Promise.resolve('r'.repeat(5_000)),
    { subject_token_type: TokenType.RefreshToken },
    'invalid_request',
  ],
  ['a user whom the cross-app grant is not for', id({ sub: 'stranger' }), {}, 'invalid_target'],
  ['a user who is disabled meanwhile', id({ sub: 'gone' }), {}, 'invalid_request'],
  ['a user who is none', id({ sub: 'nobody' }), {}, 'invalid_request'],
  ['a user without the address that is told', id({ sub: 'nameless' }), {}, 'invalid_target'],
  ['a client as the user', id({ sub: 'web' }), {}, 'invalid_target'],
  ['70: another resource', id(), { resource: 'https://billing.example/api' }, 'invalid_target'],
  ['70: a resource below', id(), { resource: `${ORDERS}/secret` }, 'invalid_target'],
  ['70: a resource with a slash more', id(), { resource: `${ORDERS}/` }, 'invalid_target'],
  ['70: a server without a cross-app grant', id(), { audience: 'https://third.example' }, 'invalid_target'],
  ['70: an unknown server', id(), { audience: 'https://unknown.example' }, 'invalid_target'],
  ['the server with a slash more', id(), { audience: `${PARTNER}/` }, 'invalid_target'],
  ['a resource of this domain', id(), { audience: 'api' }, 'invalid_target'],
  ['this server itself', id(), { audience: HOME }, 'invalid_target'],
  ['71: no audience', id(), { audience: undefined }, 'invalid_request'],
  ['a relative resource', id(), { resource: '/api' }, 'invalid_target'],
  ['a resource with a fragment', id(), { resource: `${ORDERS}#a` }, 'invalid_target'],
  ['a scope that is not granted', id(), { scope: 'order.delete' }, 'invalid_scope'],
  ['a scope beside one that is granted', id(), { scope: 'order.read order.delete' }, 'invalid_scope'],
  ['offline_access', id(), { scope: 'offline_access' }, 'invalid_scope'],
  ['authorization_details', id(), { authorization_details: '[{"type":"order"}]' }, 'invalid_authorization_details'],
  ['an access token for the other server', id(), { requested_token_type: TokenType.AccessToken }, 'invalid_target'],
  ['an ID token for the other server', id(), { requested_token_type: TokenType.IdToken }, 'invalid_target'],
  ['a refresh token for the other server', id(), { requested_token_type: TokenType.RefreshToken }, 'invalid_request'],
  [
    'a chaining grant in place of an ID-JAG',
    id(),
    { requested_token_type: TokenType.Jwt, resource: undefined },
    'invalid_request',
  ],
  ['nothing in place of an ID-JAG', id(), { requested_token_type: undefined, resource: undefined }, 'invalid_request'],
  [
    'an ID-JAG in place of a chaining grant',
    () => home.domain.accessToken(),
    { subject_token_type: TokenType.AccessToken },
    'invalid_request',
    'api',
  ],
  [
    'an actor beside the client',
    id(),
    { actor_token: 'x.y.z', actor_token_type: TokenType.AccessToken },
    'invalid_request',
  ],
  [
    'an ID token with the mark of an impersonation',
    id({ act: { sub: 'support' }, [IMPERSONATION_CLAIM]: { id: 'i', sub: 'support' } }),
    {},
    'invalid_request',
  ],
  [
    'a mark beneath other actors',
    id({ act: { sub: 'a', act: { sub: 'support' } }, [IMPERSONATION_CLAIM]: { id: 'i', sub: 'support' } }),
    {},
    'invalid_request',
  ],
  ['an ID token that is bound to a key that nobody proves', id({ cnf: { jkt: 'k' } }), {}, 'invalid_request'],
];

describe('a request for an ID-JAG that is refused', () => {
  it.each(attacks)('%s', async (_name, subject, form, error, client = 'web') => {
    const answer = await home.idJag(await subject(), form, client);
    expect(outcome(answer)).toEqual([400, error]);
    expect(await home.domain.lastRecord()).toMatchObject({
      type: 'token_exchange',
      outcome: 'rejected',
      clientId: client,
    });
  });

  it('one more audience, or one more resource that is not granted', async () => {
    const form = new URLSearchParams({
      grant_type: GrantType.TokenExchange,
      subject_token: await home.idToken(),
      subject_token_type: TokenType.IdToken,
      requested_token_type: TokenType.IdJag,
      audience: PARTNER,
      resource: ORDERS,
    });
    const post = async (name: string, value: string): Promise<unknown> => {
      const body = new URLSearchParams(form);
      body.append(name, value);
      const response = await fetch(`${home.domain.urls[0]!}/oauth2/token`, {
        method: 'POST',
        headers: { authorization: home.domain.basic('web') },
        body,
      });
      return ((await response.json()) as { error: unknown }).error;
    };
    expect(await post('audience', 'https://third.example')).toBe('invalid_target');
    expect(await post('resource', 'https://billing.example/api')).toBe('invalid_target');
    expect(await post('subject_token', 'x')).toBe('invalid_request');
  });
});
