import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AGENT_CLAIM, GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { testDatabases } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { accessToken, AgentWorld, claimsOf, type Answer } from './agent-world.fixture.js';
import { REFUSED, WITH_THE_SECRET } from './attacks.fixture.js';
import type { Browser } from './browser.fixture.js';
import { PARTNER, ROW } from './registrations.fixture.js';

const databases = await testDatabases();
let world: AgentWorld;
let ada: Browser;

interface Found {
  readonly event: { readonly issuedTokenId?: string };
}

/** What comes of a request: its status, the error, and the rule that the record names. */
const outcome = async ({ status, body }: Answer): Promise<string> => {
  const { rule } = (await world.record()) as { rule?: string };
  const { error } = body as { error?: string };
  return `${status} ${error} ${rule}`;
};

describe.each(databases)('AI agents on $name with two replicas', (database) => {
  beforeAll(async () => {
    world = await AgentWorld.open(database, database.name === 'SQLite' ? 1 : 2);
    ada = await world.browser().signIn('ada');
    expect(await world.allow(ada, 'assistant', 'user-service', 'user.read')).toBe(200);
  }, 60_000);
  afterAll(async () => {
    await world.close();
    await database.stop();
  });

  const last = () => world.replicas.length - 1;

  it('acts for the user, and everybody can tell', async () => {
    const claims = claimsOf(await world.act());
    expect(claims).toMatchObject({ sub: 'ada', aud: 'user-service', client_id: 'assistant', scope: 'user.read' });
    expect(claims['act']).toEqual({ sub: 'assistant', iss: world.issuer, sub_profile: 'ai_agent' });
    expect(claims[AGENT_CLAIM]).toBe(true);
    expect(await world.record()).toMatchObject({ outcome: 'issued', agent: 'assistant', subject: 'ada' });
    expect(decodeJwt(await world.ownToken('assistant'))).toMatchObject({
      sub: 'assistant',
      sub_profile: 'ai_agent',
      [AGENT_CLAIM]: true,
    });
  });

  it.each(REFUSED)('is refused %s', async (_name, send, expected) => {
    expect(await outcome(await send(world))).toBe(expected);
  });

  it.each(WITH_THE_SECRET)('gives whoever has the secret alone not %s', async (_name, send, expected) => {
    expect(await send(world)).toBe(expected);
  });

  it('says what is needed, and where the user allows it', async () => {
    const { body } = await world.act({ subject: await world.token({ sub: 'eve' }), scope: 'user.read user.write' });
    expect(body).toEqual({
      error: 'interaction_required',
      error_description: 'The user has not allowed the AI agent to do this',
      interaction_uri: `${world.issuer}/account/agents/assistant?audience=user-service&scope=user.read+user.write`,
      scope: 'user.read user.write',
    });
    const { pathname, search } = new URL(String(body['interaction_uri']));
    const eve = await world.browser().signIn('eve');
    const page = await eve.get(pathname + search);
    for (const told of ['assistant', 'owner', 'eve', 'user.read', 'user.write', 'user-service'])
      expect(page.text).toContain(told);
    expect((await eve.answerForm(pathname + search, { decision: 'allow', lifetime: 'hour' })).status).toBe(200);
    expect(
      (
        await world.act(
          { subject: await world.token({ sub: 'eve' }), scope: 'user.read user.write' },
          'assistant',
          last(),
        )
      ).status,
    ).toBe(200);
  });

  describe('the mark', () => {
    const onwards = (token: string, more: Record<string, string>) =>
      world.exchange('user-service', token, more, last());

    it.each<[string, Record<string, string>]>([
      ['an access token', { audience: 'message-service' }],
      ['an ID token', { audience: 'message-service', requested_token_type: TokenType.IdToken }],
      ['a grant for another domain', { audience: PARTNER, requested_token_type: TokenType.Jwt }],
    ])('survives in %s that a service gets for it', async (_what, more) => {
      const claims = claimsOf(await onwards(accessToken(await world.act()), more));
      const agent = { sub: 'assistant', iss: world.issuer, sub_profile: 'ai_agent' };
      expect(claims).toMatchObject({
        sub: 'ada',
        [AGENT_CLAIM]: true,
        act: { sub: 'user-service', iss: world.issuer, act: agent },
      });
      expect(await world.record()).toMatchObject({
        agent: 'assistant',
        actors: [{ sub: 'user-service' }, { sub: 'assistant' }],
      });
    });
  });

  describe('agents that call each other', () => {
    it('act five levels deep, each allowed by the user, and none is left out', async () => {
      let token = await world.token();
      for (const [i, target] of [...ROW.slice(1), 'user-service'].entries()) {
        const scope = target === 'user-service' ? 'user.read' : 'assistant.ask';
        const agent = ROW[i]!;
        const asked = await world.act({ subject: token, audience: target, scope }, agent);
        // the user has allowed the one before, and nothing to this one
        expect(asked).toMatchObject({ status: 400, body: { error: 'interaction_required' } });
        expect(String(asked.body['interaction_uri'])).toContain(`/account/agents/${agent}?`);
        if (!(i === 0 && target === 'user-service')) expect(await world.allow(ada, agent, target, scope)).toBe(200);
        token = accessToken(await world.act({ subject: token, audience: target, scope }, agent, last()));
      }
      const chain: string[] = [];
      for (let act = decodeJwt(token)['act'] as { sub: string; act?: never } | undefined; act; act = act.act)
        chain.push(act.sub);
      expect(chain).toEqual([...ROW].reverse());
      const deeper = claimsOf(await world.exchange('user-service', token, { audience: 'message-service' }));
      expect(JSON.stringify(deeper['act']).match(/ai_agent/g)).toHaveLength(5);
      const { jti } = deeper;
      expect(await world.record({ jti })).toMatchObject({
        agent: 'fifth',
        earlierAgents: ['fourth', 'third', 'second', 'assistant'],
      });
      const mine = await world.ownPage('ada');
      for (const agent of ROW) {
        const ofJti = ({ event }: Found): boolean => event.issuedTokenId === jti;
        const query = await world.operate('GET', `/admin/audit?agent=${agent}`);
        expect((query.body['records'] as Found[]).filter(ofJti)).toHaveLength(1);
        const exported = await world.operate('GET', `/admin/audit/export?agent=${agent}`);
        expect(
          String(exported.body['text'])
            .split('\n')
            .filter((line) => line.includes(jti!)),
        ).toHaveLength(1);
        const { body } = await world.call(`/me/activity?agent=${agent}&limit=100`, mine);
        expect((body['activity'] as { jti?: string }[]).filter((line) => line.jti === jti)).toHaveLength(1);
      }
    });
  });

  describe('the consent page', () => {
    const page = '/account/agents/second?audience=third&scope=assistant.ask';
    const isAllowed = async () =>
      (
        await world.act(
          { subject: await world.token({ sub: 'eve', aud: 'second' }), audience: 'third', scope: 'assistant.ask' },
          'second',
        )
      ).status === 200;
    let eve: Browser;
    beforeAll(async () => {
      eve = await world.browser().signIn('eve');
    });

    it.each<[string, () => Promise<{ status: number }>, number]>([
      ['nobody who is not signed in', () => world.browser().get(page), 401],
      [
        'nobody without a session who posts',
        () => world.browser().submit(page, { decision: 'allow', lifetime: 'day' }),
        401,
      ],
      [
        'no form without its token',
        () => eve.answerForm(page, { form_token: undefined, decision: 'allow', lifetime: 'day' }),
        403,
      ],
      [
        'no form with another token',
        () => eve.answerForm(page, { form_token: 'x', decision: 'allow', lifetime: 'day' }),
        403,
      ],
      [
        'no form of another session',
        async () => {
          const { text } = await ada.get(page.replace('second', 'third').replace('third&', 'fourth&'));
          const [, token = ''] = /name="form_token" value="([^"]*)"/.exec(text) ?? [];
          return eve.answerForm(page, { form_token: token, decision: 'allow', lifetime: 'day' });
        },
        403,
      ],
      [
        "no form of another agent's page",
        async () => {
          const { text } = await eve.get('/account/agents/fifth?audience=user-service&scope=user.read');
          const [, token = ''] = /name="form_token" value="([^"]*)"/.exec(text) ?? [];
          return eve.answerForm(page, { form_token: token, decision: 'allow', lifetime: 'day' });
        },
        403,
      ],
      [
        'no form of another site',
        () => eve.answerForm(page, { decision: 'allow', lifetime: 'day' }, { 'sec-fetch-site': 'cross-site' }),
        403,
      ],
      ['no agent that nobody knows', () => eve.get('/account/agents/nobody?audience=third&scope=assistant.ask'), 404],
      ['no service', () => eve.get('/account/agents/user-service?audience=message-service&scope=message.read'), 404],
      ['no time that it does not offer', () => eve.answerForm(page, { decision: 'allow', lifetime: 'for ever' }), 400],
      ['no time that is left out', () => eve.answerForm(page, { decision: 'allow', lifetime: undefined }), 400],
      [
        'nothing that no edge leads to',
        () =>
          eve.answerForm(page, { audience: 'auth-server', scope: 'audit.read', decision: 'allow', lifetime: 'day' }),
        400,
      ],
      ['no yes that is a no', () => eve.answerForm(page, { decision: 'deny', lifetime: 'day' }), 200],
      ['no yes that is not clear', () => eve.answerForm(page, { decision: 'Allow', lifetime: 'day' }), 200],
    ])('serves %s', async (_what, send, status) => {
      expect((await send()).status).toBe(status);
      expect(await isAllowed()).toBe(false);
    });

    it('shows nothing to allow where no edge leads, and gives nothing by being looked at', async () => {
      const other = await eve.get('/account/agents/second?audience=user-service&scope=user.write');
      expect(other.text).not.toContain('<form');
      await eve.get(page);
      expect(await isAllowed()).toBe(false);
    });

    it('records a no', async () => {
      await eve.answerForm(page, { decision: 'deny', lifetime: 'day' });
      const denied = await world.record({ type: 'consent', fields: { agent: 'second' }, subject: 'eve' });
      expect(denied).toMatchObject({ outcome: 'rejected', decidedBy: 'user', clientId: 'second', scopesGranted: [] });
    });

    it('escapes what it shows', async () => {
      const { text } = await eve.get('/account/agents/second?audience=%3Cscript%3E&scope=%3Cscript%3E');
      expect(text).not.toContain('<script');
    });
  });

  it('asks for the account of a provider only when the user has allowed the agent to use it', async () => {
    const request = {
      audience: 'calendar',
      scope: 'calendar.read',
      requested_token_type: TokenType.ConnectedAccount,
    };
    const first = await world.act(request);
    expect(first).toMatchObject({ status: 400, body: { error: 'interaction_required', scope: 'calendar.read' } });
    expect(String(first.body['interaction_uri'])).toContain('/account/agents/assistant?audience=calendar&');
    expect((await world.act({ ...request, scope: 'calendar.write' })).body['error']).toBe('invalid_scope');
    expect(await world.allow(ada, 'assistant', 'calendar', 'calendar.read')).toBe(200);
    const second = await world.act(request);
    expect(second).toMatchObject({ status: 400, body: { error: 'interaction_required' } });
    expect(String(second.body['interaction_uri'])).toContain('/linked-accounts');
  });

  describe('taking it back', () => {
    it('ends the tokens and what was exchanged from them, for guards too, and the user is asked again', async () => {
      const eve = await world.browser().signIn('eve');
      await world.allow(eve, 'assistant', 'user-service', 'user.read user.write');
      const subject = await world.token({ sub: 'eve' });
      const token = accessToken(await world.act({ subject }));
      const below = accessToken(await world.exchange('user-service', token, { audience: 'message-service' }, last()));
      const consents = await eve.get('/account/consents');
      for (const told of ['assistant', 'an AI agent', 'owner', 'user.read']) expect(consents.text).toContain(told);
      const [, formToken = ''] = /name="form_token" value="([^"]*)"/.exec(consents.text) ?? [];
      const racing = Array.from({ length: 10 }, (_, i) =>
        world.act({ subject }, 'assistant', i % world.replicas.length),
      );
      await eve.submit('/account/consents', { client_id: 'assistant', form_token: formToken });
      const issued = (await Promise.all(racing)).filter(({ status }) => status === 200).map(accessToken);
      for (const each of [token, ...issued])
        expect(await world.introspect('assistant', each, last())).toEqual({ active: false });
      expect(await world.introspect('user-service', below, last())).toEqual({ active: false });
      const revoked = await world.revoked();
      for (const each of [token, below, ...issued]) expect(revoked).toContain(decodeJwt(each).jti);
      expect((await world.act({ subject })).body).toMatchObject({ error: 'interaction_required', scope: 'user.read' });
      expect((await world.exchange('user-service', token, { audience: 'message-service' })).status).toBe(400);
      // what others have allowed stands
      expect((await world.act()).status).toBe(200);
    });

    it('comes with the end of the time: no token outlives the consent', async () => {
      const now = Math.floor(Date.now() / 1000);
      const { lifeOf } = { lifeOf: world.replicas[0]!.lives().of };
      const parties = {
        subject: 'eve',
        subjectLife: lifeOf('user', 'eve')!,
        clientId: 'assistant',
        clientLife: lifeOf('client', 'assistant')!,
      };
      const scopes = [
        { audience: 'user-service', scope: 'user.read' },
        { audience: 'message-service', scope: 'message.read' },
      ];
      const times = { grantId: 'for-two-minutes', grantExpiresAt: now + 120, expiresAt: now + 120 };
      await world.stores[0]!.consents.give(
        { ...parties, ...times, kind: 'remembered', scopes },
        { type: 'consent', outcome: 'accepted' },
      );
      const subject = await world.token({ sub: 'eve' });
      expect((await world.act({ subject })).body['error']).toBe('interaction_required');
      expect((await world.act({ subject, audience: 'message-service', scope: 'message.read' })).status).toBe(200);
      // asked again while it still stands for a moment
      expect(
        (
          await (
            await world.browser().signIn('eve')
          ).get('/account/agents/assistant?audience=user-service&scope=user.read')
        ).text,
      ).toContain('<form');
    });

    it('comes with the end of a life: whoever has the name afterwards is asked', async () => {
      const eve = await world.browser().signIn('eve');
      await world.allow(eve, 'assistant', 'user-service', 'user.read');
      expect((await world.act({ subject: await world.token({ sub: 'eve' }) })).status).toBe(200);
      expect((await world.operate('POST', '/admin/users/eve/disable')).status).toBe(200);
      expect((await world.operate('POST', '/admin/users/eve/enable')).status).toBe(200);
      expect((await world.act({ subject: await world.token({ sub: 'eve' }) })).body['error']).toBe(
        'interaction_required',
      );
    });
  });

  it('is found by operators and by the user, by its name', async () => {
    await world.act();
    await world.act();
    const found = await world.operate('GET', '/admin/audit?agent=assistant&limit=1');
    expect(found.body).toMatchObject({ records: [{ event: { agent: 'assistant' } }] });
    expect((await world.operate('GET', '/admin/audit?agent=nobody')).body['records']).toEqual([]);
    const mine = await world.ownPage('ada');
    const activity = await world.call('/me/activity?agent=assistant&limit=2', mine);
    expect(activity.body).toMatchObject({ activity: [{ agent: 'assistant' }, { agent: 'assistant' }] });
    expect((await world.call('/me/activity?agent=nobody', mine)).body['activity']).toEqual([]);
    expect((await world.call('/me/activity?agent=', mine)).status).toBe(400);
  });

  it.each<[string, object]>([
    ['what the user has allowed', {}],
    ['a scope that the user has not allowed', { scope: 'user.write' }],
    ['a service that the user has not allowed', { audience: 'message-service', scope: 'message.read' }],
    ['a user who has allowed nothing', { of: 'eve' }],
    ['no actor token', { actor_token: undefined, actor_token_type: undefined }],
    ['the actor token of another agent', { of_agent: 'second' }],
    ['an agent that nobody answers for', { agent: 'orphan', of_agent: 'orphan' }],
  ])('is explained as it is answered, and the explanation names the agent: %s', async (_what, more) => {
    const {
      of = 'ada',
      agent = 'assistant',
      of_agent = 'assistant',
      ...others
    } = more as Record<string, string | undefined>;
    const form: Record<string, string | undefined> = {
      subject_token: await world.token({ sub: of }),
      subject_token_type: TokenType.AccessToken,
      actor_token: await world.ownToken(of_agent),
      actor_token_type: TokenType.AccessToken,
      audience: 'user-service',
      scope: 'user.read',
      ...others,
    };
    const { subject_token: subject = '', ...asked } = form;
    const answered = await world.exchange(agent, subject, asked);
    const question = { ...form, client_id: agent, grant_type: GrantType.TokenExchange };
    const { body } = await world.operate('POST', '/admin/exchange/explain', question);
    expect(body).toMatchObject({ details: { aiAgents: { agent: of_agent } } });
    expect({ outcome: body['outcome'], ...(body['refusal'] as object) }).toMatchObject(
      answered.status === 200
        ? { outcome: 'permitted' }
        : { outcome: 'refused', error: answered.body['error'], description: answered.body['error_description'] },
    );
  });

  describe('stopping one', () => {
    it.each<[string, () => Promise<Answer>, number]>([
      [
        'somebody without the scope',
        () => world.operate('POST', '/admin/agents/assistant/stop', {}, { scope: 'agents.read' }),
        403,
      ],
      [
        'the user',
        async () =>
          world.operate(
            'POST',
            '/admin/agents/assistant/stop',
            {},
            { sub: 'ada', client_id: 'app', aud: 'auth-server-me' },
          ),
        401,
      ],
      [
        'the agent itself',
        () =>
          world.operate(
            'POST',
            '/admin/agents/assistant/resume',
            {},
            { sub: 'assistant', client_id: 'assistant', aud: 'auth-server-actors', scope: 'act' },
          ),
        401,
      ],
      ['whoever means a service', () => world.operate('POST', '/admin/agents/user-service/stop'), 404],
      ['whoever means nobody', () => world.operate('POST', '/admin/agents/nobody/stop'), 404],
      [
        'whoever says what nobody understands',
        () => world.operate('POST', '/admin/agents/assistant/stop', { because: 'x' }),
        400,
      ],
    ])('is not for %s', async (_who, send, status) => {
      expect((await send()).status).toBe(status);
      expect((await world.act()).status).toBe(200);
    });

    it('ends everything of it at once, for good until an operator lets it in again', async () => {
      const own = await world.ownToken('assistant');
      const token = accessToken(await world.act());
      const below = accessToken(await world.exchange('user-service', token, { audience: 'message-service' }, last()));
      expect((await world.operate('POST', '/admin/agents/assistant/stop', { reason: 'it was told to' })).status).toBe(
        204,
      );
      expect(await world.introspect('user-service', below)).toEqual({ active: false });
      const revoked = await world.revoked();
      for (const each of [own, token, below]) expect(revoked).toContain(decodeJwt(each).jti);
      const again = { actor_token: own, actor_token_type: TokenType.AccessToken };
      const refused = await world.exchange('assistant', await world.token(), again);
      expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
      // a replica that has not heard of it issues nothing either
      expect((await world.exchange('assistant', await world.token(), again, last())).status).not.toBe(200);
      expect((await world.exchange('user-service', token, { audience: 'message-service' })).status).toBe(400);
      expect(await world.record({ type: 'aiAgents.stopped' })).toMatchObject({
        agent: 'assistant',
        agentOperator: 'operator',
        agentStopReason: 'it was told to',
      });
      const listed = await world.operate('GET', '/admin/agents');
      const [assistant, second] = listed.body['agents'] as Record<string, unknown>[];
      expect(assistant).toMatchObject({ client_id: 'assistant', owner: 'owner', enabled: false });
      expect(second).toMatchObject({
        client_id: 'second',
        enabled: true,
        access: [{ audience: 'third', scope: 'assistant.ask' }],
      });
      expect((await ada.get('/account/agents/assistant?audience=user-service&scope=user.read')).status).toBe(404);
    });

    it('is undone by an operator, and users decide anew', async () => {
      expect((await world.operate('POST', '/admin/agents/assistant/resume')).status).toBe(204);
      expect((await world.act()).body).toMatchObject({ error: 'interaction_required' });
      expect(await world.allow(ada, 'assistant', 'user-service', 'user.read')).toBe(200);
      expect((await world.act()).status).toBe(200);
    });
  });

  it('is registered by operators at run time, by the same checks', async () => {
    const put = async (path: string, document: object) => {
      const token = await world.token({
        sub: 'operator',
        client_id: 'operator',
        aud: 'auth-server',
        scope: 'registrations.write',
      });
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'if-none-match': '*' };
      const answer = await fetch(world.url() + path, { method: 'PUT', headers, body: JSON.stringify(document) });
      return { status: answer.status, text: await answer.text() };
    };
    const newcomer = {
      subProfile: 'ai_agent',
      owner: 'owner',
      grantTypes: [GrantType.TokenExchange, GrantType.ClientCredentials],
      represents: ['assistant'],
      scopes: ['act'],
      defaultResource: 'auth-server-actors',
    };
    const without = await put('/admin/clients/newcomer', { ...newcomer, owner: undefined });
    expect(without).toMatchObject({ status: 400, text: expect.stringContaining('owner is missing') as unknown });
    expect((await put('/admin/clients/newcomer', newcomer)).status).toBe(201);
    const edge = {
      client: 'newcomer',
      subjectAudience: 'assistant',
      target: 'user-service',
      mode: 'delegation',
      scopes: { 'user.read': {} },
    };
    const open = await put('/admin/edges/newcomer', edge);
    expect(open).toMatchObject({ status: 400, text: expect.stringContaining('actor_token') as unknown });
    expect((await put('/admin/edges/newcomer', { ...edge, actor: 'actor_token' })).status).toBe(201);
  });
});
