import { TokenType } from '@onbehalf/oauth-protocol';
import { actorToken, subjectToken, type ExchangeCase, type ExchangeWorld, type FormMutation } from './exchange-case.js';

type Claims = Readonly<Record<string, unknown>>;

/** A request to the ledger, whose edge demands an actor token, with these claims in subject and actor token. */
const toLedger = async (world: ExchangeWorld, subject: Claims = {}, actor: Claims = {}): Promise<FormMutation> => ({
  subject_token: await subjectToken(world, subject),
  actor_token: await actorToken(world, actor),
  actor_token_type: TokenType.AccessToken,
  audience: 'ledger',
  scope: 'ledger.read',
});

const refused = (row: number, name: string, subject: Claims, actor: Claims = {}): ExchangeCase => ({
  row,
  name,
  send: (world) => toLedger(world, subject, actor),
  expected: { error: 'invalid_request' },
});

const nested = (...subjects: readonly string[]): unknown =>
  subjects.reduceRight<unknown>((act, sub) => (act === undefined ? { sub } : { sub, act }), undefined);

const swapped = async (world: ExchangeWorld): Promise<FormMutation> => {
  const request = await toLedger(world);
  return { ...request, subject_token: request['actor_token'], actor_token: request['subject_token'] };
};

/** Who may act, and what becomes of those who acted before. RFC 8693 §1.1, §4.1, §4.4. */
export const delegationCases: readonly ExchangeCase[] = [
  refused(41, 'may_act names another actor', { may_act: { sub: 'message-service' } }),
  refused(41, 'may_act is a list without the actor', { may_act: [{ sub: 'a' }, { sub: 'b' }] }),
  refused(41, 'may_act names nobody', { may_act: { iss: 'http://localhost:9001' } }),
  refused(41, 'may_act is not an object', { may_act: 'user-service' }),
  {
    row: 41,
    name: 'may_act names another actor, and the client acts without an actor_token',
    send: async (world) => ({ subject_token: await subjectToken(world, { may_act: { sub: 'message-service' } }) }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 41,
    name: 'may_act names the actor',
    send: async (world) => ({ subject_token: await subjectToken(world, { may_act: { sub: 'user-service' } }) }),
    expected: { claims: () => ({ act: { sub: 'user-service' }, may_act: { sub: 'user-service' } }) },
  },
  refused(42, 'may_act: sub right, iss wrong', { may_act: { sub: 'user-service', iss: 'https://stranger.example' } }),
  refused(
    43,
    'an unrelated actor_token spliced in',
    {},
    { sub: 'agent-7', client_id: 'other', aud: 'message-service' },
  ),
  refused(44, 'the actor is neither the client nor allowed by the edge', {}, { sub: 'message-service' }),
  {
    row: 44,
    name: 'the actor is one that the edge allows',
    send: (world) => toLedger(world, {}, { sub: 'agent-7', sub_profile: 'ai_agent' }),
    expected: {
      claims: () => ({ act: { sub: 'agent-7', client_id: 'user-service', sub_profile: 'ai_agent' } }),
    },
  },
  {
    row: 45,
    name: 'actor and subject swapped',
    send: swapped,
    expected: { error: 'invalid_request' },
  },
  {
    row: 46,
    name: 'actor_token expired',
    send: (world) => toLedger(world, {}, { exp: world.now - 60 }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 46,
    name: 'actor_token with a bad signature',
    send: async (world) => ({
      ...(await toLedger(world)),
      actor_token: await world.stranger.token({ iss: world.server.issuer, sub: 'user-service' }),
    }),
    expected: { error: 'invalid_request' },
  },
  refused(46, 'actor_token of a disabled account', {}, { sub: 'former' }),
  refused(47, 'actor_token carries act', {}, { act: { sub: 'message-service' } }),
  {
    row: 48,
    name: 're-exchange of a token with act and no actor_token keeps the chain',
    send: async (world) => ({ subject_token: await subjectToken(world, { act: { sub: 'gateway' } }) }),
    expected: { claims: () => ({ act: { sub: 'user-service', act: { sub: 'gateway' } } }) },
  },
  {
    row: 48,
    name: 're-exchange by an edge of impersonation keeps the chain',
    send: async (world) => ({
      subject_token: await subjectToken(world, { act: { sub: 'gateway' }, may_act: { sub: 'user-service' } }),
      audience: 'helpdesk',
      scope: 'helpdesk.view',
      reason: 'ticket 4711',
    }),
    expected: {
      claims: () => ({ act: { sub: 'user-service', act: { sub: 'gateway' } }, may_act: { sub: 'user-service' } }),
    },
  },
  {
    row: 49,
    name: 'a chain deeper than the limit',
    send: async (world) => ({ subject_token: await subjectToken(world, { act: nested('a', 'b', 'c', 'd') }) }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 49,
    name: 'a chain larger than the limit',
    send: async (world) => ({ subject_token: await subjectToken(world, { act: nested('a'.repeat(2048)) }) }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 50,
    name: 'an actor that acts again',
    send: async (world) => ({ subject_token: await subjectToken(world, { act: nested('gateway', 'user-service') }) }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 50,
    name: 'a call that returns to a service it came from',
    send: async (world) => ({ subject_token: await subjectToken(world, { act: nested('message-service') }) }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 50,
    name: 'a call that returns where the edge allows it',
    client: 'message-service',
    send: async (world) => ({
      subject_token: await subjectToken(world, {
        aud: 'message-service',
        scope: 'message.read',
        client_id: 'user-service',
        act: nested('user-service'),
      }),
      audience: 'user-service',
      scope: 'user.read',
    }),
    expected: {
      claims: () => ({ sub: 'baeldung', aud: 'user-service', act: nested('message-service', 'user-service') }),
    },
  },
  {
    row: 51,
    name: 'impersonation not permitted',
    send: () => ({ audience: 'ledger', scope: 'ledger.read' }),
    expected: { error: 'unauthorized_client' },
  },
  {
    row: 51,
    name: 'impersonation permitted, for a stated reason',
    send: () => ({ audience: 'helpdesk', scope: 'helpdesk.view', reason: 'ticket 4711' }),
    expected: { claims: () => ({ sub: 'baeldung', aud: 'helpdesk', client_id: 'user-service' }) },
  },
  {
    row: 51,
    name: 'impersonation without a reason',
    send: () => ({ audience: 'helpdesk', scope: 'helpdesk.view' }),
    expected: { error: 'invalid_request' },
  },
  {
    row: 52,
    name: 'impersonating a protected user',
    send: async (world) => ({
      subject_token: await subjectToken(world, { sub: 'root' }),
      audience: 'helpdesk',
      scope: 'helpdesk.view',
      reason: 'ticket 4711',
    }),
    expected: { error: 'invalid_request' },
  },
];
