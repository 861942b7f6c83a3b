import { GrantType, IMPERSONATION_CLAIM, TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer } from '@onbehalf/testing';
import { decodeJwt } from 'jose';
import { accessToken, type AgentWorld, type Answer } from './agent-world.fixture.js';
import { PARTNER } from './registrations.fixture.js';

/** What is asked for, and what comes of it: the status, the error and the rule that the record names. */
export const REFUSED: readonly [string, (world: AgentWorld) => Promise<Answer>, string][] = [
  [
    'a subject alone',
    (world) => world.act({ actor_token: undefined, actor_token_type: undefined }),
    '400 unauthorized_client actor',
  ],
  [
    'a subject alone, with a reason',
    (world) => world.act({ actor_token: undefined, actor_token_type: undefined, reason: 'because' }),
    '400 unauthorized_client actor',
  ],
  ['a type without an actor token', (world) => world.act({ actor_token: undefined }), '400 invalid_request request'],
  [
    'an actor token without a type',
    (world) => world.act({ actor_token_type: undefined }),
    '400 invalid_request request',
  ],
  [
    'the actor token of another agent',
    async (world) => world.act({ actor_token: await world.ownToken('second') }),
    '400 invalid_request actor',
  ],
  [
    'the actor token of a service',
    async (world) =>
      world.act({
        actor_token: await world.token({
          sub: 'user-service',
          client_id: 'user-service',
          aud: 'auth-server-actors',
          scope: 'act',
        }),
      }),
    '400 invalid_request actor',
  ],
  [
    "the user's own token as the actor's",
    async (world) => world.act({ actor_token: await world.token() }),
    '400 invalid_request actor',
  ],
  [
    "the user's token for actors",
    async (world) =>
      world.act({
        actor_token: await world.token({ client_id: 'assistant', aud: 'auth-server-actors', scope: 'act' }),
      }),
    '400 invalid_request actor',
  ],
  [
    'an own token for a service',
    async (world) =>
      world.act({
        actor_token: await world.token({ sub: 'assistant', client_id: 'assistant', aud: 'user-service', scope: 'act' }),
      }),
    '400 invalid_request own-actor-token',
  ],
  [
    'an own token for operators',
    async (world) =>
      world.act({
        actor_token: await world.token({ sub: 'assistant', client_id: 'assistant', aud: 'auth-server', scope: 'act' }),
      }),
    '400 invalid_request own-actor-token',
  ],
  [
    'an own token for several',
    async (world) =>
      world.act({
        actor_token: await world.token({
          sub: 'assistant',
          client_id: 'assistant',
          aud: ['auth-server-actors', 'user-service'],
          scope: 'act',
        }),
      }),
    '400 invalid_request own-actor-token',
  ],
  [
    'an own token that is not to act by',
    async (world) =>
      world.act({
        actor_token: await world.token({
          sub: 'assistant',
          client_id: 'assistant',
          aud: 'auth-server-actors',
          scope: 'other',
        }),
      }),
    '400 invalid_request own-actor-token',
  ],
  [
    'an own token that is acted for',
    async (world) =>
      world.act({
        actor_token: await world.token({
          sub: 'assistant',
          client_id: 'assistant',
          aud: 'auth-server-actors',
          scope: 'act',
          act: { sub: 'second' },
        }),
      }),
    '400 invalid_request actor',
  ],
  [
    'an own token that has expired',
    async (world) =>
      world.act({
        actor_token: await world.token({
          sub: 'assistant',
          client_id: 'assistant',
          aud: 'auth-server-actors',
          scope: 'act',
          exp: 1_700_000_000,
        }),
      }),
    '400 invalid_request actor-token',
  ],
  [
    'an own token that is revoked',
    async (world) => {
      const own = await world.ownToken('assistant');
      await world.stores[0]!.tokens.revoke(String(decodeJwt(own).jti));
      return world.act({ actor_token: own });
    },
    '400 invalid_request actor-state',
  ],
  [
    'an own token that nobody has on record',
    async (world) => {
      const claims = decodeJwt(await world.ownToken('assistant'));
      return world.act({ actor_token: await world.keys.sign({ ...claims, jti: 'made-up' }, { typ: 'at+jwt' }) });
    },
    '400 invalid_request actor-state',
  ],
  [
    'a foreign actor token of the same name',
    async (world) => {
      const foreign = await createTestIssuer();
      return world.act({
        actor_token: await foreign.token({
          sub: 'assistant',
          client_id: 'assistant',
          aud: 'auth-server-actors',
          scope: 'act',
        }),
      });
    },
    '400 invalid_request actor-token',
  ],
  [
    'an actor token that another key has signed',
    async (world) => {
      const foreign = await createTestIssuer();
      return world.act({
        actor_token: await foreign.token({
          iss: world.issuer,
          sub: 'assistant',
          client_id: 'assistant',
          aud: 'auth-server-actors',
          scope: 'act',
        }),
      });
    },
    '400 invalid_request actor-token',
  ],
  [
    "the agent's own token as the subject",
    async (world) => world.act({ subject: await world.token({ sub: 'assistant', client_id: 'assistant' }) }),
    '400 access_denied user-consent',
  ],
  [
    'its actor token as the subject',
    async (world) => world.act({ subject: await world.ownToken('assistant') }),
    '400 invalid_request subject-audience',
  ],
  [
    "a user's token that was stolen elsewhere",
    async (world) => world.act({ subject: await world.token({ aud: 'user-service', scope: 'user.read' }) }),
    '400 invalid_request subject-audience',
  ],
  [
    'a user of another domain',
    async (world) => world.act({ subject: await world.token({ sub: `${PARTNER}#ada` }) }),
    '400 invalid_request subject-state',
  ],
  [
    'a user who is not let in',
    async (world) => world.act({ subject: await world.token({ sub: 'former' }) }),
    '400 invalid_request subject-state',
  ],
  [
    'an administrator who uses the account',
    async (world) =>
      world.act({
        subject: await world.token({ [IMPERSONATION_CLAIM]: { id: 'x', sub: 'support' }, act: { sub: 'support' } }),
      }),
    '400 invalid_request own-actor-token',
  ],
  [
    'a user who was never asked',
    async (world) => world.act({ subject: await world.token({ sub: 'eve' }) }),
    '400 interaction_required user-consent',
  ],
  [
    'more than the user has allowed',
    (world) => world.act({ scope: 'user.read user.write' }),
    '400 interaction_required user-consent',
  ],
  [
    'another service than the user has allowed',
    (world) => world.act({ audience: 'message-service', scope: 'message.read' }),
    '400 interaction_required user-consent',
  ],
  [
    'everything, by leaving the scope out',
    (world) => world.act({ scope: undefined }),
    '400 interaction_required user-consent',
  ],
  [
    'a target that no edge leads to',
    (world) => world.act({ audience: 'fifth', scope: undefined }),
    '400 invalid_target target',
  ],
  ['operators', (world) => world.act({ audience: 'auth-server', scope: 'audit.read' }), '400 invalid_target target'],
  ['a scope that no edge has', (world) => world.act({ scope: 'message.read' }), '400 invalid_scope requested-scope'],
  [
    'an ID token',
    (world) => world.act({ requested_token_type: TokenType.IdToken }),
    '400 invalid_request requested-type',
  ],
  ['an agent whose owner is not let in', (world) => world.act({}, 'orphan'), '400 access_denied user-consent'],
  [
    'an agent that calls itself',
    async (world) =>
      world.act({
        subject: await world.token({ act: { sub: 'assistant', iss: world.issuer, sub_profile: 'ai_agent' } }),
      }),
    '400 invalid_request delegation-cycle',
  ],
  [
    "a service with the agent's actor token",
    async (world) =>
      world.exchange('user-service', await world.token(), {
        audience: 'user-service',
        scope: 'user.read',
        actor_token: await world.token({ sub: 'assistant', client_id: 'assistant', aud: 'assistant' }),
        actor_token_type: TokenType.AccessToken,
      }),
    '400 invalid_request actor',
  ],
  [
    'a service with the secret of another',
    (world) => world.post('/oauth2/token', { grant_type: GrantType.TokenExchange }, 'nobody'),
    '401 invalid_client endpoint',
  ],
];

/** What whoever has the secret of an agent, and no token of a user, can get. */
export const WITH_THE_SECRET: readonly [string, (world: AgentWorld) => Promise<number>, number][] = [
  [
    'a token of its own for a service',
    async (world) =>
      (
        await world.post(
          '/oauth2/token',
          {
            grant_type: GrantType.ClientCredentials,
            scope: 'user.read',
            resource: 'urn:onbehalf:audience:user-service',
          },
          'assistant',
        )
      ).status,
    400,
  ],
  [
    'more than to act',
    async (world) =>
      (await world.post('/oauth2/token', { grant_type: GrantType.ClientCredentials, scope: 'user.read' }, 'assistant'))
        .status,
    400,
  ],
  [
    'a code',
    async (world) =>
      (
        await world.post(
          '/oauth2/token',
          { grant_type: 'authorization_code', code: 'x', redirect_uri: 'http://localhost:8080/callback' },
          'assistant',
        )
      ).status,
    400,
  ],
  [
    'a refresh token',
    async (world) =>
      (await world.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: 'x' }, 'assistant')).status,
    400,
  ],
  [
    'what its token opens at /me',
    async (world) => (await world.call('/me/activity', await world.ownToken('assistant'))).status,
    401,
  ],
  [
    'what its token opens at /userinfo',
    async (world) => (await world.call('/userinfo', await world.ownToken('assistant'))).status,
    403,
  ],
  [
    'what its token opens at /admin',
    async (world) => (await world.call('/admin/agents', await world.ownToken('assistant'))).status,
    401,
  ],
  [
    "what a user's exchanged token opens at /me",
    async (world) => (await world.call('/me/activity', accessToken(await world.act()))).status,
    401,
  ],
  [
    "what a user's exchanged token opens at /userinfo",
    async (world) => (await world.call('/userinfo', accessToken(await world.act()))).status,
    401,
  ],
  [
    'to ask about others',
    async (world) =>
      Number((await world.introspect('assistant', await world.token({ aud: 'user-service' })))['active']),
    0,
  ],
];
