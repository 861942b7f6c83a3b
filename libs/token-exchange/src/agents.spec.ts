import { beforeAll, describe, expect, it } from '@jest/globals';
import { AGENT_CLAIM, OAuthError, TokenType } from '@onbehalf/oauth-protocol';
import { caseRegistrations } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { clientOf, ExchangeLab } from './exchange.fixture.js';
import type { Admission, IssuedToken } from './index.js';

const iss = 'http://localhost:9001';
const agent = { sub: 'assistant', iss, sub_profile: 'ai_agent' };
const clients = [
  ...caseRegistrations.clients,
  { clientId: 'assistant', enabled: true, confidential: true, represents: ['user-service'], subProfile: 'ai_agent' },
];
const edges = [
  ...caseRegistrations.edges,
  {
    client: 'assistant',
    subjectAudience: 'user-service',
    target: 'message-service',
    mode: 'delegation' as const,
    actor: 'actor_token' as const,
    scopes: { 'message.read': {} },
  },
];

describe('an AI agent in the chain', () => {
  let lab: ExchangeLab;
  beforeAll(async () => {
    lab = await ExchangeLab.open({}, { clients, edges });
  });

  const own = async (claims: object = {}) => ({
    actor_token: await lab.token({ sub: 'assistant', client_id: 'assistant', ...claims }),
    actor_token_type: TokenType.AccessToken,
  });

  it('is told by its registration, whatever its token says', async () => {
    for (const claims of [{}, { sub_profile: 'service' }]) {
      const issued = await lab.claims(await own(claims), 'assistant');
      expect(issued).toMatchObject({ sub: 'baeldung', act: agent, [AGENT_CLAIM]: true });
    }
  });

  it('is not mistaken: a chain of services has no mark', async () => {
    expect(await lab.claims()).not.toHaveProperty(AGENT_CLAIM);
  });

  it.each<[string, Record<string, unknown>]>([
    ['the agent acted before', { act: agent }],
    ['the agent acted first of four', { act: { sub: 'x', act: { sub: 'y', act: agent } } }],
    ['the subject token is marked', { [AGENT_CLAIM]: true }],
    ['the agent of another domain acted', { act: { ...agent, iss: 'https://partner.example' } }],
  ])('leaves its mark when %s', async (_when, claims) => {
    expect(await lab.claims({ subject_token: await lab.token(claims) })).toHaveProperty(AGENT_CLAIM, true);
  });

  it('leaves its mark where it is the subject itself, also without an act', async () => {
    const subject = await lab.token({ sub: 'assistant', client_id: 'assistant' });
    expect(await lab.claims({ subject_token: subject })).toMatchObject({
      sub_profile: 'ai_agent',
      [AGENT_CLAIM]: true,
    });
    const request = { audience: 'helpdesk', scope: 'helpdesk.view', reason: 'ticket 4711', subject_token: subject };
    const seenAsSubject = await lab.claims(request);
    expect(seenAsSubject).toMatchObject({ sub: 'assistant', sub_profile: 'ai_agent', [AGENT_CLAIM]: true });
    expect(seenAsSubject).not.toHaveProperty('act');
  });

  it('cannot be lost by exchanging on: five levels, and nobody is left out', async () => {
    const edge = { mode: 'delegation' as const, scopes: { work: {} }, maxDepth: 6 };
    const services = ['one', 'two', 'three', 'four', 'five'];
    const chain = await ExchangeLab.open(
      {},
      {
        resources: [...caseRegistrations.resources, ...services.map((audience) => ({ audience, scopes: ['work'] }))],
        clients: services.map((clientId) => ({ clientId, enabled: true, confidential: true, represents: [clientId] })),
        edges: services
          .slice(1)
          .map((target, i) => ({ ...edge, client: services[i]!, subjectAudience: services[i]!, target })),
      },
    );
    let token = await chain.token({ aud: 'one', act: agent });
    for (const [i, target] of services.slice(1).entries()) {
      const request = { subject_token: token, audience: target, scope: 'work' };
      ({ token } = await chain.ask(request, services[i]));
    }
    const claims = decodeJwt(token);
    expect(claims).toHaveProperty(AGENT_CLAIM, true);
    const actor = (sub: string, act: object) => ({ sub, iss, act });
    expect(claims['act']).toEqual(actor('four', actor('three', actor('two', actor('one', agent)))));
  });
});

describe('an admission', () => {
  it('judges an explanation without claiming anything', async () => {
    const asked: string[] = [];
    const admission = (name: string, refused: boolean): Admission => ({
      name,
      admit: () => Promise.reject(new Error('nothing is admitted')),
      judge: () => {
        asked.push(name);
        return refused ? Promise.reject(new OAuthError('access_denied', `${name} says no`)) : Promise.resolve();
      },
    });
    const silent: Admission = { name: 'silent', admit: () => Promise.resolve(undefined) };
    const admissions = [silent, admission('first', false), admission('second', true), admission('third', false)];
    const lab = await ExchangeLab.open({ admissions });
    const client = clientOf(lab.registrations, 'user-service');
    const explained = await lab.exchange.explain(await lab.form(), client);
    expect(explained).toMatchObject({
      outcome: 'refused',
      refusal: { rule: 'second', error: 'access_denied', description: 'second says no' },
    });
    expect(explained.steps.length).toBeGreaterThan(0);
    expect(explained).not.toHaveProperty('granted');
    expect(asked).toEqual(['first', 'second']);
  });
});

describe('an explanation without tokens', () => {
  const soon = Math.floor(Date.now() / 1000) + 300;
  const subject = {
    issuer: iss,
    subject: 'baeldung',
    clientId: 'client-app',
    audiences: ['user-service'],
    scopes: ['user.read'],
    expiresAt: soon,
  };
  const asked = new URLSearchParams({ audience: 'message-service', scope: 'message.read' });

  it('takes the facts of the subject for those of a token', async () => {
    const lab = await ExchangeLab.open();
    const explained = await lab.exchange.explain(asked, clientOf(lab.registrations, 'user-service'), { subject });
    expect(explained).toMatchObject({ outcome: 'permitted', subject: 'baeldung', kind: 'delegation' });
  });

  it('takes what a client would present as actor_token, where it is known', async () => {
    const actorToken = { issuer: iss, subject: 'assistant', clientId: 'assistant', audiences: [iss], expiresAt: soon };
    const ownActors = [
      () => undefined,
      ({ clientId }: { readonly clientId: string }) => (clientId === 'assistant' ? actorToken : undefined),
    ];
    const [without, having] = await Promise.all(
      [{}, { ownActors }].map((surroundings) => ExchangeLab.open(surroundings, { clients, edges })),
    );
    const explain = (lab: ExchangeLab) =>
      lab.exchange.explain(asked, clientOf(lab.registrations, 'assistant'), { subject });
    expect(await explain(without!)).toMatchObject({ outcome: 'refused', refusal: { error: 'unauthorized_client' } });
    expect(await explain(having!)).toMatchObject({ outcome: 'permitted', actors: [{ sub: 'assistant' }] });
  });
});

describe('a claim with a grant', () => {
  it('has the token recorded under it', async () => {
    const recorded: IssuedToken[] = [];
    const sink = {
      record: () => Promise.resolve(),
      recordIssued: (_event: unknown, issued: IssuedToken) => Promise.resolve(recorded.push(issued) > 0),
    };
    const nothing = () => Promise.resolve();
    const admissions: Admission[] = [
      { name: 'without', admit: () => Promise.resolve({ release: nothing, settle: nothing }) },
      { name: 'with', admit: () => Promise.resolve({ grantId: 'the-grant', release: nothing, settle: nothing }) },
    ];
    const under = await ExchangeLab.open({ sink, admissions });
    await under.ask();
    await (await ExchangeLab.open({ sink })).ask();
    expect(recorded.map(({ grantId }) => grantId)).toEqual(['the-grant', undefined]);
  });
});
