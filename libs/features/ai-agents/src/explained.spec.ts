import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { testDatabases } from '@onbehalf/testing-internal';
import fc from 'fast-check';
import { AgentWorld, type Answer } from './agent-world.fixture.js';

const databases = await testDatabases();

/** What is asked for, by which agent. */
const requests = fc.record({
  agent: fc.constantFrom('assistant', 'second', 'orphan'),
  audience: fc.uniqueArray(
    fc.constantFrom('user-service', 'message-service', 'second', 'third', 'calendar', 'nowhere'),
    {
      minLength: 1,
      maxLength: 2,
    },
  ),
  scope: fc
    .uniqueArray(fc.constantFrom('user.read', 'user.write', 'message.read', 'assistant.ask', 'calendar.read'), {
      maxLength: 2,
    })
    .map((scopes) => (scopes.length === 0 ? undefined : scopes.join(' '))),
});

interface Verdict {
  readonly error?: unknown;
  readonly description?: unknown;
  readonly rule?: unknown;
  readonly reason?: unknown;
  readonly scope?: unknown;
}

function explained({ status, body }: Answer): Verdict {
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  const { granted, refusal } = body as { granted?: { scopes: readonly string[] }; refusal?: Verdict };
  return refusal ?? { scope: granted!.scopes.join(' ') };
}

describe.each(databases)('what an agent would get is explained as it is answered on $name', (database) => {
  let world: AgentWorld;
  const login = randomUUID();
  let subject: string;

  beforeAll(async () => {
    world = await AgentWorld.open(database);
    const ada = await world.browser().signIn('ada');
    expect(await world.allow(ada, 'assistant', 'user-service', 'user.read')).toBe(200);
    expect(await world.allow(ada, 'second', 'third', 'assistant.ask')).toBe(200);
    subject = await world.token({ jti: login, aud: ['assistant', 'second'], grantId: 'login' });
    const issued = { type: 'token', outcome: 'issued', issuedTokenId: login, scopesGranted: ['assistant.ask'] };
    await world.stores[0]!.trail.append(issued);
    // people ask about clients alone that they have used
    expect((await world.act({ subject })).status).toBe(200);
    const third = { subject, audience: 'third', scope: 'assistant.ask' };
    expect((await world.act(third, 'second')).status).toBe(200);
  }, 60_000);
  afterAll(async () => {
    await world.close();
    await database.stop();
  });

  const answered = async (answer: Answer): Promise<Verdict> => {
    if (answer.status === 200) return { scope: answer.body['scope'] };
    const { error, error_description: description } = answer.body;
    const { rule, reason } = await world.record();
    return { error, description, rule, reason };
  };

  it('to operators and to the user, whatever is asked', async () => {
    const mine = await world.ownPage('ada');
    const seen = new Set<unknown>();
    const ask = async ({
      agent,
      audience,
      scope,
    }: {
      agent: string;
      audience: string[];
      scope: string | undefined;
    }) => {
      const tokens = {
        subject_token: subject,
        subject_token_type: TokenType.AccessToken,
        actor_token: await world.ownToken(agent),
        actor_token_type: TokenType.AccessToken,
      };
      const { subject_token: token, ...presented } = tokens;
      const wanted = { audience, ...(scope !== undefined && { scope }) };
      const answer = await answered(await world.exchange(agent, token, { ...presented, ...wanted }));
      seen.add(answer.error ?? 'granted');
      const question = { ...tokens, ...wanted, client_id: agent, grant_type: GrantType.TokenExchange };
      expect(explained(await world.operate('POST', '/admin/exchange/explain', question))).toEqual(answer);
      if (agent === 'orphan') return;
      expect(explained(await world.evaluate(mine, { ...wanted, client_id: agent }))).toEqual(answer);
    };
    await ask({ agent: 'assistant', audience: ['user-service'], scope: 'user.read' });
    await ask({ agent: 'assistant', audience: ['user-service'], scope: 'user.write' });
    await fc.assert(fc.asyncProperty(requests, ask), { numRuns: 60, endOnFailure: true });
    expect([...seen]).toEqual(expect.arrayContaining(['granted', 'interaction_required', 'invalid_target']));
  }, 60_000);

  it('also where the agent is asked for by its edge alone', async () => {
    const mine = await world.ownPage('ada');
    const { body } = await world.evaluate(mine, { client_id: 'assistant', audience: 'message-service' });
    expect(body).toMatchObject({
      outcome: 'refused',
      refusal: { rule: 'user-consent', error: 'interaction_required' },
      details: { aiAgents: { agent: 'assistant' } },
    });
  });
});
