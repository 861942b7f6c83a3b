import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { caseRegistrations, requirement } from '@onbehalf/testing-internal';
import { ExchangeLab } from './exchange.fixture.js';
import type { Edge } from './index.js';

let lab: ExchangeLab;
beforeAll(async () => {
  lab = await ExchangeLab.open();
});

const iss = 'http://localhost:9001';

const toMessages: Edge = {
  client: 'user-service',
  subjectAudience: 'user-service',
  target: 'message-service',
  mode: 'delegation',
  scopes: { 'message.read': {} },
};

/** A lab whose only way to message-service is an edge with these differences. */
const openEdge = (...edges: readonly Partial<Edge>[]): Promise<ExchangeLab> =>
  ExchangeLab.open({}, { edges: edges.map((edge) => ({ ...toMessages, ...edge })) });

const actorToken = async (claims: object = {}): Promise<{ actor_token: string; actor_token_type: string }> => ({
  actor_token: await lab.token({ sub: 'user-service', client_id: 'user-service', ...claims }),
  actor_token_type: TokenType.AccessToken,
});

describe('RFC 8693 §1.1: delegation and impersonation', () => {
  it('makes the client the actor where the edge says so, with an actor token of the client or without', async () => {
    const open = await openEdge({ actor: 'either' });
    for (const request of [
      {},
      { actor_token: await open.token({ sub: 'user-service' }), actor_token_type: TokenType.Jwt },
    ]) {
      expect((await open.claims(request))['act']).toMatchObject({ sub: 'user-service' });
    }
  });

  it('refuses an actor token where the client itself is the actor', async () => {
    const open = await openEdge({});
    const request = { actor_token: await open.token({ sub: 'user-service' }), actor_token_type: TokenType.Jwt };
    expect(await open.refusal(request)).toMatchObject({ code: 'invalid_request', rule: 'actor' });
  });

  it('takes another actor only where the edge names it', async () => {
    const request = { audience: 'ledger', scope: 'ledger.read' };
    const named = await actorToken({ sub: 'agent-7', sub_profile: 'ai_agent' });
    expect((await lab.claims({ ...request, ...named }))['act']).toEqual({
      sub: 'agent-7',
      iss,
      client_id: 'user-service',
      sub_profile: 'ai_agent',
    });
    const unnamed = await actorToken({ sub: 'baeldung' });
    expect(await lab.refusal({ ...request, ...unnamed })).toMatchObject({ code: 'invalid_request', rule: 'actor' });
    const open = await openEdge({ actor: 'either' });
    const nobodyNamed = { actor_token: await open.token(), actor_token_type: TokenType.Jwt };
    expect(await open.refusal(nobodyNamed)).toMatchObject({ code: 'invalid_request', rule: 'actor' });
  });

  it('takes an actor token that was issued to the client or for it to receive', async () => {
    const request = { audience: 'ledger', scope: 'ledger.read' };
    for (const claims of [{ client_id: 'x' }, { aud: 'elsewhere' }]) {
      await expect(lab.ask({ ...request, ...(await actorToken(claims)) })).resolves.toBeDefined();
    }
  });

  it('caps the new token by the expiry of the actor token', async () => {
    const exp = lab.world.now + 42;
    const request = { audience: 'ledger', scope: 'ledger.read', ...(await actorToken({ exp })) };
    expect(await lab.claims(request)).toMatchObject({ exp });
  });

  it('tells what kind of party a client is when it acts', async () => {
    const clients = caseRegistrations.clients.map((client) => ({ ...client, subProfile: 'service' }));
    const open = await ExchangeLab.open({}, { clients });
    expect((await open.claims())['act']).toEqual({ sub: 'user-service', iss, sub_profile: 'service' });
  });
});

describe('impersonation', () => {
  const request = { audience: 'helpdesk', scope: 'helpdesk.view' };

  it('leaves no act claim, and states its reason', async () => {
    const claims = await lab.claims({ ...request, reason: 'ticket 4711' });
    expect(claims).toMatchObject({ sub: 'baeldung', client_id: 'user-service' });
    expect(claims).not.toHaveProperty('act');
  });

  it('demands a reason unless the edge waives it', async () => {
    expect(await lab.refusal(request)).toMatchObject({ code: 'invalid_request', rule: 'impersonation' });
    const open = await openEdge({ mode: 'impersonation', reason: 'optional' });
    expect(await open.claims()).not.toHaveProperty('act');
  });

  it('is the way of a request with a reason where both ways are open, and delegation otherwise', async () => {
    const open = await openEdge({}, { mode: 'impersonation' });
    expect(await open.claims()).toHaveProperty('act');
    expect(await open.claims({ reason: 'ticket 4711' })).not.toHaveProperty('act');
  });

  it('is no way for a request with a reason where only delegation is open', async () => {
    expect(await lab.claims({ reason: 'curiosity' })).toHaveProperty('act');
  });

  it('takes no actor token', async () => {
    const refusal = await lab.refusal({ ...request, ...(await actorToken()), reason: 'ticket 4711' });
    expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'actor' });
  });

  it('never touches a protected account, while delegation may', async () => {
    const subjectToken = await lab.token({ sub: 'root' });
    expect((await lab.refusal({ ...request, reason: 'x', subject_token: subjectToken })).rule).toBe('impersonation');
    await expect(lab.ask({ subject_token: subjectToken })).resolves.toBeDefined();
  });
});

describe('RFC 8693 §4.1: act', () => {
  it(requirement('RFC8693-4.1-identity', 'non-identity claims are not used within the act claim'), async () => {
    const act = {
      sub: 'gateway',
      exp: 1,
      nbf: 9_999_999_999,
      aud: 'x',
      role: 'admin',
      act: { sub: 'edge', scope: 'all' },
    };
    const claims = await lab.claims({ subject_token: await lab.token({ act }) });
    expect(claims['act']).toEqual({
      sub: 'user-service',
      iss,
      act: { sub: 'gateway', iss, act: { sub: 'edge', iss } },
    });
  });

  it(
    requirement(
      'RFC8693-4.1-nesting',
      'the outermost act claim represents the current actor, nested ones prior actors',
    ),
    async () => {
      const claims = await lab.claims({ subject_token: await lab.token({ act: { sub: 'b', act: { sub: 'a' } } }) });
      expect(claims['act']).toEqual({ sub: 'user-service', iss, act: { sub: 'b', iss, act: { sub: 'a', iss } } });
    },
  );

  it(
    requirement(
      'RFC8693-4.1-current-actor',
      'access control MUST only consider the top-level claims and the current actor',
    ),
    async () => {
      // message-service may call user-service; that it acted earlier gives user-service nothing
      const subjectToken = await lab.token({ aud: 'message-service', act: { sub: 'message-service' } });
      const refusal = await lab.refusal({ subject_token: subjectToken, audience: 'user-service', scope: 'user.read' });
      expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'subject-audience' });
    },
  );

  it('keeps the depth that the edge allows', async () => {
    const open = await openEdge({ maxDepth: 2 });
    const one = await open.token({ act: { sub: 'a' } });
    const two = await open.token({ act: { sub: 'b', act: { sub: 'a' } } });
    await expect(open.ask({ subject_token: one })).resolves.toBeDefined();
    expect(await open.refusal({ subject_token: two })).toMatchObject({
      code: 'invalid_request',
      rule: 'delegation-depth',
    });
  });

  it('lets an actor act again where the edge allows cycles', async () => {
    const open = await openEdge({ allowCycle: true });
    const subjectToken = await open.token({ act: { sub: 'x', act: { sub: 'user-service' } } });
    expect((await open.claims({ subject_token: subjectToken }))['act']).toEqual({
      sub: 'user-service',
      iss,
      act: { sub: 'x', iss, act: { sub: 'user-service', iss } },
    });
  });

  it('tells actors of different issuers apart', async () => {
    for (const sub of ['user-service', 'message-service']) {
      const elsewhere = await lab.token({ act: { sub, iss: 'https://elsewhere.example' } });
      await expect(lab.ask({ subject_token: elsewhere })).resolves.toBeDefined();
      const here = await lab.token({ act: { sub, iss: 'http://localhost:9001' } });
      expect((await lab.refusal({ subject_token: here })).rule).toBe('delegation-cycle');
    }
  });

  it('refuses a call of a service to itself', async () => {
    const open = await openEdge({ target: 'user-service', scopes: { 'user.read': {} } });
    const refusal = await open.refusal({ audience: 'user-service', scope: 'user.read' });
    expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'delegation-cycle' });
  });
});

describe('RFC 8693 §4.4: may_act', () => {
  const party = { sub: 'user-service', iss, client_id: 'user-service' };
  const cells: [string, object, boolean][] = [
    ['sub', { sub: party.sub }, true],
    ['client_id', { client_id: party.client_id }, true],
    ['sub and iss', { sub: party.sub, iss }, true],
    ['sub and client_id', { sub: party.sub, client_id: party.client_id }, true],
    ['all three', party, true],
    ['another sub', { sub: 'other' }, false],
    ['another client_id', { client_id: 'other' }, false],
    ['another iss', { sub: party.sub, iss: 'https://other.example' }, false],
    ['another sub, right client_id', { sub: 'other', client_id: party.client_id }, false],
    ['iss alone', { iss }, false],
    ['another sub_profile', { sub: party.sub, sub_profile: 'ai_agent' }, false],
    ['a prefix of the sub', { sub: 'user' }, false],
  ];
  const ways: [string, () => Promise<object>][] = [
    ['the client acting', () => Promise.resolve({})],
    ['an actor token', async () => ({ audience: 'ledger', scope: 'ledger.read', ...(await actorToken()) })],
    [
      'an impersonation',
      () => Promise.resolve({ audience: 'helpdesk', scope: 'helpdesk.view', reason: 'ticket 4711' }),
    ],
  ];
  const matrix = ways.flatMap(([way, request]) =>
    cells.flatMap(([name, mayAct, granted]) => [
      [granted ? 'lets pass' : 'refuses', way, name, request, mayAct] as const,
      [granted ? 'lets pass' : 'refuses', way, `a list with ${name}`, request, [{ sub: 'nobody' }, mayAct]] as const,
    ]),
  );

  it.each(matrix)('%s %s, where may_act names %s', async (verdict, _way, _name, request, mayAct) => {
    const mutation = { ...(await request()), subject_token: await lab.token({ may_act: mayAct }) };
    if (verdict === 'lets pass') expect((await lab.claims(mutation))['may_act']).toEqual(mayAct);
    else expect(await lab.refusal(mutation)).toMatchObject({ code: 'invalid_request', rule: 'may-act' });
  });

  it('authorizes nobody by an empty list', async () => {
    const refusal = await lab.refusal({ subject_token: await lab.token({ may_act: [] }) });
    expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'may-act' });
  });

  it('is kept through exchanges, so that it binds those who come after', async () => {
    const tokenB = await lab.ask({ subject_token: await lab.token({ may_act: { sub: 'user-service' } }) });
    const back = { subject_token: tokenB.token, audience: 'user-service', scope: 'user.read' };
    expect(await lab.refusal(back, 'message-service')).toMatchObject({ rule: 'may-act' });
  });

  it('is left out of the new token by an edge that says it is spent', async () => {
    const edges = lab.registrations.edges.map((edge) => ({ ...edge, mayAct: 'spent' as const }));
    const spending = await ExchangeLab.open({}, { edges });
    const subject = await spending.token({ may_act: { sub: 'user-service' } });
    const tokenB = await spending.ask({ subject_token: subject });
    expect(decodeJwt(tokenB.token)['may_act']).toBeUndefined();
    const stranger = await spending.token({ may_act: { sub: 'other' } });
    expect(await spending.refusal({ subject_token: stranger })).toMatchObject({ rule: 'may-act' });
  });

  it('matches an actor of another issuer by both sub and iss', async () => {
    const subjectToken = await lab.token({ may_act: { sub: 'agent-7', iss } });
    const request = { audience: 'ledger', scope: 'ledger.read', ...(await actorToken({ sub: 'agent-7' })) };
    await expect(lab.ask({ ...request, subject_token: subjectToken })).resolves.toBeDefined();
  });
});
