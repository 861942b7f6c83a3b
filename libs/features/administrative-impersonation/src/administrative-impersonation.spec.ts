import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { IMPERSONATION_CLAIM, TokenType } from '@onbehalf/oauth-protocol';
import { testDatabases } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { ISSUER, told } from './impersonation-configuration.fixture.js';
import { ImpersonationWorld } from './impersonation-world.fixture.js';

const databases = await testDatabases();
const now = (): number => Math.floor(Date.now() / 1000);
const accessToken = (answer: { body: Record<string, unknown> }): string => String(answer.body['access_token']);

type Form = Record<string, string | undefined>;
/** A name, what is sent, what the administrator's token says, the answer, and what the record says. */
type Attack = [string, Form, Record<string, unknown>, string, string | RegExp];
const GENERIC = 'The subject may not be impersonated';

const attacks: Attack[] = [
  ['oneself', { subject_token: 'support' }, {}, 'invalid_request', 'the account is protected'],
  ['a protected account', { subject_token: 'guarded' }, {}, 'invalid_request', 'the account is protected'],
  ['an operator', { subject_token: 'second' }, {}, 'invalid_request', 'the account is protected'],
  ['a reader of the trail', { subject_token: 'demoted' }, {}, 'invalid_request', 'the account is protected'],
  ['a disabled account', { subject_token: 'former' }, {}, 'invalid_request', 'its subject is disabled'],
  ['an unknown account', { subject_token: 'nobody' }, {}, 'invalid_request', 'there is no such account'],
  ['a client', { subject_token: 'user-service' }, {}, 'invalid_request', 'there is no such account'],
  ['an account by another spelling', { subject_token: 'Alice' }, {}, 'invalid_request', 'there is no such account'],
  ['an account with a space', { subject_token: 'alice ' }, {}, 'invalid_request', 'there is no such account'],
  ['the prototype', { subject_token: '__proto__' }, {}, 'invalid_request', 'there is no such account'],
  ['a foreign subject', { subject_token: `${ISSUER}#alice` }, {}, 'invalid_request', 'there is no such account'],
  ['a line break in the id', { subject_token: 'alice\nbob' }, {}, 'invalid_request', /no user id/],
  ['an id of 5,000 characters', { subject_token: 'a'.repeat(5000) }, {}, 'invalid_request', /no user id/],
  ['nobody', { subject_token: '' }, {}, 'invalid_request', 'subject_token is required'],
  [
    'without an actor token',
    { actor_token: undefined, actor_token_type: undefined },
    {},
    'invalid_request',
    /actor_token is required/,
  ],
  [
    'a user id as the actor',
    { actor_token: 'support', actor_token_type: TokenType.UserId },
    {},
    'invalid_request',
    /proves nobody/,
  ],
  ['an actor token that is none', { actor_token: 'x.y.z' }, {}, 'invalid_request', /actor_token is invalid/],
  ['an actor token as an ID token', { actor_token_type: TokenType.IdToken }, {}, 'invalid_request', /type/],
  ['a stale login', {}, { auth_time: now() - 400 }, 'insufficient_user_authentication', /authenticate anew/],
  [
    'a token that tells of no login',
    {},
    { auth_time: undefined },
    'insufficient_user_authentication',
    /authenticate anew/,
  ],
  [
    'a token stolen from another client',
    {},
    { client_id: 'other-tool' },
    'invalid_request',
    /not issued to this client/,
  ],
  ['a token for a service', {}, { aud: 'user-service' }, 'invalid_request', 'it is not for auth-server'],
  ['without the role', {}, { scope: 'impersonation.read' }, 'invalid_request', /does not hold impersonate/],
  ['a role that was taken away', {}, { sub: 'demoted' }, 'invalid_request', /does not hold impersonate/],
  ['a role that a customer never had', {}, { sub: 'bob' }, 'invalid_request', /does not hold impersonate/],
  ['a client as administrator', {}, { sub: 'support-tool' }, 'invalid_request', /is no account/],
  ['a disabled administrator', {}, { sub: 'former' }, 'invalid_request', 'its subject is disabled'],
  ['an unknown administrator', {}, { sub: 'nobody' }, 'invalid_request', /does not exist/],
  ['an actor token with act', {}, { act: { sub: 'user-service' } }, 'invalid_request', /must not itself carry an act/],
  [
    'an actor token with the mark',
    {},
    { [IMPERSONATION_CLAIM]: { id: 'x', sub: 'y' } },
    'invalid_request',
    /one of an impersonation/,
  ],
  ['an actor token that is expired', {}, { exp: now() - 100 }, 'invalid_request', /actor_token is invalid/],
  [
    'an actor token of another issuer',
    {},
    { iss: 'http://localhost:9999' },
    'invalid_request',
    /actor_token is invalid/,
  ],
  ['a bound actor token without its key', {}, { cnf: { jkt: 'a'.repeat(43) } }, 'invalid_request', /bound to a key/],
  ['no reason', { reason: undefined }, {}, 'invalid_request', /reason is required/],
  ['a reason of spaces', { reason: '   ' }, {}, 'invalid_request', /reason is required/],
  ['a reason of 5,000 characters', { reason: 'x'.repeat(5000) }, {}, 'invalid_request', /at most 500/],
  ['a reason with a line break', { reason: 'a\nb' }, {}, 'invalid_request', /plain text/],
  ['a ticket with a line break', { ticket: 'a\nb' }, {}, 'invalid_request', /ticket must be plain text/],
  ['a ticket of 101 characters', { ticket: 'x'.repeat(101) }, {}, 'invalid_request', /ticket is too long/],
  ['no ticket where it is demanded', { audience: 'ledger' }, {}, 'invalid_request', /ticket is required/],
  ['a scope beyond reading', { scope: 'user.delete' }, {}, 'invalid_scope', /not granted for this target: user.delete/],
  ['a scope of another resource', { scope: 'message.read' }, {}, 'invalid_scope', /message.read/],
  ['a session that goes on', { scope: 'user.read offline_access' }, {}, 'invalid_scope', /offline_access/],
  ['a refresh token', { requested_token_type: TokenType.RefreshToken }, {}, 'invalid_request', /requested_token_type/],
  ['an ID token', { requested_token_type: TokenType.IdToken }, {}, 'invalid_request', /requested_token_type/],
  ['a target without such an edge', { audience: 'message-service' }, {}, 'invalid_target', /no edge leads/],
  ['the resource of operators', { audience: 'auth-server' }, {}, 'invalid_target', /no edge leads/],
  ['two targets', { audience: 'user-service', resource: 'https://x.example' }, {}, 'invalid_target', /unknown/],
  [
    'a user id of another type',
    { subject_token_type: TokenType.AccessToken },
    {},
    'invalid_request',
    /subject_token is invalid/,
  ],
];

describe.each(databases)('administrative impersonation on $name', (database) => {
  let world: ImpersonationWorld;
  beforeAll(async () => {
    world = await ImpersonationWorld.open(database, 2);
  });
  afterEach(() => world.clear());
  afterAll(async () => {
    await world.close();
    await database.stop();
  });

  it.each(attacks)('refuses %s', async (_name, form, actor, error, reason) => {
    const answer = await world.begin(form, actor);
    expect(answer).toMatchObject({ status: 400, body: { error } });
    const record = await world.record();
    expect(record).toMatchObject({ type: 'token_exchange', outcome: 'rejected', error });
    expect(record['reason']).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason));
    expect(record).not.toHaveProperty('impersonation');
  });

  it('tells of no account: unknown, protected, disabled and operators get one answer', async () => {
    const answers = [];
    for (const subject_token of ['nobody', 'guarded', 'former', 'second', 'support']) {
      answers.push((await world.begin({ subject_token })).body);
    }
    expect(new Set(answers.map((body) => JSON.stringify(body))).size).toBe(1);
    expect(answers[0]).toEqual({ error: 'invalid_request', error_description: GENERIC });
    const { body } = await world.begin({ subject_token: 'nobody' }, { auth_time: now() - 400 });
    expect(body).toMatchObject({ error: 'insufficient_user_authentication', max_age: 300 });
  });

  it('begins: who, why and what stands in the record before the token leaves, and in the token', async () => {
    told.length = 0;
    const answer = await world.begin({ ticket: 'T-1' });
    expect(answer).toMatchObject({ status: 200, body: { expires_in: 1800, scope: 'user.read', token_type: 'Bearer' } });
    expect(answer.body).not.toHaveProperty('refresh_token');
    const claims = decodeJwt(accessToken(answer));
    const id = String(claims.jti);
    expect(claims).toMatchObject({
      sub: 'alice',
      aud: 'user-service',
      act: { sub: 'support', iss: ISSUER, sub_profile: 'user' },
      [IMPERSONATION_CLAIM]: { id, sub: 'support', iss: ISSUER },
    });
    expect(claims).not.toHaveProperty('auth_time');
    const recorded = {
      outcome: 'issued',
      kind: 'administrative',
      subject: 'alice',
      impersonation: id,
      impersonator: 'support',
      ticket: 'T-1',
      statedReason: 'the balance is wrong',
      scopesGranted: ['user.read'],
    };
    expect(await world.record({ fields: { impersonation: id } })).toMatchObject(recorded);
    expect(told).toMatchObject([
      { id, administrator: 'support', subject: 'alice', reason: 'the balance is wrong', ticket: 'T-1' },
    ]);
    const { body } = await world.call('GET', '/admin/impersonations', {}, 1);
    expect(body['impersonations']).toMatchObject([
      { id, administrator: 'support', subject: 'alice', client_id: 'support-tool' },
    ]);
    const metrics = await world.call('GET', '/metrics');
    expect(metrics.body['text']).toContain('onbehalf_impersonations_live{client="support-tool"} 1');
    expect(metrics.body['text']).toMatch(/onbehalf_impersonations_total \d/);
  });

  it('sees what the user sees, and no more', async () => {
    expect((await world.begin({ subject_token: 'limited' })).body).toMatchObject({ error: 'invalid_scope' });
  });

  it('grants what an edge widens to only where it is asked for', async () => {
    const wide = await world.begin({ scope: 'user.read user.write' });
    expect(wide.body).toMatchObject({ scope: 'user.read user.write' });
  });

  it('lets a token that is bound to no key begin one impersonation', async () => {
    const actor_token = await world.token();
    const first = await world.begin({ actor_token });
    expect(first.status).toBe(200);
    await world.clear();
    expect((await world.begin({ actor_token })).body).toMatchObject({ error: 'invalid_request' });
    expect(await world.record()).toMatchObject({ rule: 'single-use' });
    // the place of the administrator is free again
    expect((await world.begin()).status).toBe(200);
  });

  it('uses no token up by a request that is refused', async () => {
    const actor_token = await world.token();
    await world.begin({ actor_token, subject_token: 'nobody' });
    await world.begin({ actor_token, scope: 'user.delete' });
    expect((await world.begin({ actor_token })).status).toBe(200);
  });

  it('has one of an administrator at a time, over all replicas', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => world.begin({ reason: `attempt ${index}` }, {}, index % 2)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.every(({ body }) => body['error'] === 'invalid_request')).toBe(true);
    // another administrator is not held up
    expect((await world.begin({}, { sub: 'second' })).status).toBe(200);
  });

  describe('what follows', () => {
    it('is marked at every hop, and so is what introspection tells; a stranger learns nothing', async () => {
      const token = accessToken(await world.begin());
      const id = decodeJwt(token).jti;
      const second = accessToken(await world.exchange('user-service', token, { audience: 'message-service' }));
      const third = accessToken(await world.exchange('message-service', second, { audience: 'user-service' }, 1));
      for (const each of [second, third]) {
        expect(decodeJwt(each)[IMPERSONATION_CLAIM]).toEqual({ id, sub: 'support', iss: ISSUER });
      }
      expect(decodeJwt(third)).toMatchObject({
        act: { sub: 'message-service', act: { sub: 'user-service', act: { sub: 'support' } } },
      });
      expect(await world.introspect('user-service', third)).toMatchObject({
        active: true,
        [IMPERSONATION_CLAIM]: { id },
      });
      expect(await world.introspect('stranger', third)).toEqual({ active: false });
      expect(await world.record({ fields: { impersonation: id } })).toMatchObject({
        impersonator: 'support',
        subject: 'alice',
      });
    });

    it('loses the mark neither as a JWT nor by another type, and opens nothing else', async () => {
      const token = accessToken(await world.begin());
      const asJwt = {
        subject_token_type: TokenType.Jwt,
        audience: 'message-service',
        requested_token_type: TokenType.Jwt,
      };
      const next = accessToken(await world.exchange('user-service', token, asJwt));
      expect(decodeJwt(next)).toHaveProperty(IMPERSONATION_CLAIM);
      const refused: [string, string, Record<string, string>][] = [
        ['an ID token', 'message-service', { audience: 'user-service', requested_token_type: TokenType.IdToken }],
        ['the resource of operators', 'message-service', { audience: 'auth-server' }],
      ];
      for (const [, client, form] of refused) {
        expect((await world.exchange(client, next, form)).status).toBe(400);
      }
      const again = { subject_token: 'bob', actor_token: token };
      expect((await world.begin(again)).body).toMatchObject({ error: 'invalid_request' });
      expect((await world.begin({ ...again, subject_token: token, subject_token_type: TokenType.UserId })).status).toBe(
        400,
      );
      expect((await world.callWith('GET', '/userinfo', token)).status).toBe(401);
      expect((await world.callWith('GET', '/admin/impersonations', token)).status).toBe(401);
      const forged = await world.token({
        sub: 'second',
        scope: 'impersonation.read',
        [IMPERSONATION_CLAIM]: { id: 'x', sub: 'y' },
      });
      expect(await world.callWith('GET', '/admin/impersonations', forged)).toMatchObject({
        status: 403,
        body: { error: 'impersonation_forbidden' },
      });
    });

    it('is on record where the edge does not disclose, and this server reads the mark from there', async () => {
      const answer = await world.begin({ audience: 'hidden' });
      const token = accessToken(answer);
      expect(answer.body['expires_in']).toBe(600);
      expect(decodeJwt(token)).not.toHaveProperty('act');
      expect(decodeJwt(token)).not.toHaveProperty(IMPERSONATION_CLAIM);
      const id = String(decodeJwt(token).jti);
      expect(await world.record({ fields: { impersonation: id } })).toMatchObject({ actors: [{ sub: 'support' }] });
      const next = await world.exchange('hidden-service', token, { audience: 'message-service' }, 1);
      expect(decodeJwt(accessToken(next))).not.toHaveProperty(IMPERSONATION_CLAIM);
      expect(await world.record({ fields: { impersonation: id } })).toMatchObject({
        clientId: 'hidden-service',
        impersonator: 'support',
      });
      const idToken = { audience: 'message-service', requested_token_type: TokenType.IdToken };
      expect((await world.exchange('hidden-service', token, idToken)).status).toBe(400);
      expect((await world.begin({ actor_token: token, audience: 'hidden' })).status).toBe(400);
      await world.call('DELETE', `/admin/impersonations/${id}`);
      expect(await world.introspect('message-service', accessToken(next))).toEqual({ active: false });
    });
  });

  describe('the end', () => {
    const ended = async (token: string, client = 'user-service'): Promise<boolean> =>
      (await world.introspect(client, token, 1))['active'] === false;

    it('comes with a stop of the operator, for all that was exchanged, at once and in the feed', async () => {
      const token = accessToken(await world.begin());
      const id = String(decodeJwt(token).jti);
      const next = accessToken(await world.exchange('user-service', token, { audience: 'message-service' }));
      expect((await world.call('DELETE', `/admin/impersonations/${id}`, {}, 1)).status).toBe(204);
      expect([await ended(token), await ended(next, 'message-service')]).toEqual([true, true]);
      const feed = await world.post('/oauth2/revocations', {}, 'message-service');
      const jtis = (feed.body['tokens'] as { jti: string }[]).map(({ jti }) => jti);
      expect(jtis).toEqual(expect.arrayContaining([id, decodeJwt(next).jti]));
      expect(await world.record({ type: 'administrativeImpersonation.stopped' })).toMatchObject({
        impersonation: id,
        impersonator: 'support',
        stoppedBy: 'second',
        subject: 'alice',
      });
      expect((await world.call('DELETE', `/admin/impersonations/${id}`)).status).toBe(404);
    });

    it('comes with a stop of the administrator, and of nobody else', async () => {
      const id = String(decodeJwt(accessToken(await world.begin())).jti);
      const path = `/admin/impersonations/${id}`;
      expect((await world.call('DELETE', path, { sub: 'second', scope: 'impersonate' })).status).toBe(404);
      expect((await world.call('DELETE', path, { scope: 'impersonation.read' })).status).toBe(403);
      expect((await world.call('DELETE', path, { sub: 'alice', scope: 'impersonation.stop' })).status).toBe(401);
      expect((await world.call('DELETE', path, { sub: 'support', scope: 'impersonate' })).status).toBe(204);
    });

    it('comes with a revocation by the tool, and with whatever ends the login of the administrator', async () => {
      const token = accessToken(await world.begin());
      expect((await world.post('/oauth2/revoke', { token }, 'support-tool')).status).toBe(200);
      expect(await ended(token)).toBe(true);
      const other = accessToken(await world.begin());
      await world.stores[1]!.tokens.revokeByGrant(world.login);
      world.login = randomUUID();
      expect(await ended(other)).toBe(true);
      // neither holds up the next one
      expect((await world.begin()).status).toBe(200);
    });

    it('comes with a stop of the user, who sees who it was and why', async () => {
      const token = accessToken(await world.begin());
      const id = String(decodeJwt(token).jti);
      const life = (await world.stores[0]!.tokens.find(id))?.subjectLife;
      const own = await world.ownToken('alice', life);
      const { body } = await world.callWith('GET', '/me/activity', own);
      const [line] = body['activity'] as Record<string, unknown>[];
      expect(line).toMatchObject({
        kind: 'administrative',
        actors: [{ sub: 'support', sub_profile: 'user' }],
        stated_reason: 'the balance is wrong',
        active: true,
        jti: id,
      });
      expect((await world.callWith('DELETE', `/me/activity/${String(line!['id'])}`, own, 1)).status).toBe(204);
      expect(await ended(token)).toBe(true);
      expect((await world.call('GET', '/admin/impersonations')).body['impersonations']).toEqual([]);
      expect((await world.begin()).status).toBe(200);
    });

    it('is seen and stopped by nobody who only uses the account', async () => {
      const token = accessToken(await world.begin());
      const life = (await world.stores[0]!.tokens.find(String(decodeJwt(token).jti)))?.subjectLife;
      const mark = { [IMPERSONATION_CLAIM]: { id: 'x', sub: 'support' } };
      for (const path of ['/me/activity', '/me/clients']) {
        expect((await world.callWith('GET', path, token)).status).toBe(401);
        expect((await world.callWith('GET', path, await world.ownToken('alice', life, mark))).status).toBe(403);
      }
    });

    it('wins over an exchange that is under way', async () => {
      const token = accessToken(await world.begin());
      const id = String(decodeJwt(token).jti);
      const [stop, ...answers] = await Promise.all([
        world.call('DELETE', `/admin/impersonations/${id}`, {}, 1),
        ...Array.from({ length: 20 }, (_, index) =>
          world.exchange('user-service', token, { audience: 'message-service' }, index % 2),
        ),
      ]);
      expect(stop.status).toBe(204);
      const issued = answers.filter(({ status }) => status === 200).map(accessToken);
      for (const each of issued) expect(await ended(each, 'message-service')).toBe(true);
      expect((await world.exchange('user-service', token, { audience: 'message-service' })).status).toBe(400);
    });

    it('leaves the place of one whose process ended before its token left', async () => {
      const { liveTable } = await import('./impersonations.table.js');
      const row = {
        administrator: 'support',
        id: randomUUID(),
        client: 'support-tool',
        subject: 'alice',
        audiences: 'a',
        scopes: 's',
      };
      const times = { reason: 'r', ticket: null, expires_at: now() + 1000 };
      await world.stores[0]!.table(liveTable).insert({ ...row, ...times, started_at: now() - 30 });
      expect((await world.begin()).body).toMatchObject({ error: 'invalid_request' });
      await world.stores[0]!.table(liveTable).update({ administrator: 'support' }, { started_at: now() - 90 });
      expect((await world.begin()).status).toBe(200);
    });
  });

  describe('a second person', () => {
    const ask = (more: Form = {}, replica = 0) =>
      world.begin({ audience: 'ledger', ticket: 'T-9', ...more }, {}, replica);
    const confirm = (id: unknown, claims: object = {}) =>
      world.call('POST', `/admin/impersonations/requests/${String(id)}/confirm`, { ...claims });

    it('confirms, and the same request succeeds once', async () => {
      const asked = await ask({ reason: 'once' });
      expect(asked).toMatchObject({ status: 400, body: { error: 'authorization_pending', interval: 5 } });
      const id = asked.body['request_id'];
      expect((await ask({ reason: 'once' }, 1)).body).toMatchObject({ error: 'slow_down', request_id: id });
      const waiting = await world.call('GET', '/admin/impersonations/requests');
      expect(waiting.body['requests']).toContainEqual(
        expect.objectContaining({ id, administrator: 'support', reason: 'once', ticket: 'T-9' }),
      );
      expect((await confirm(id)).status).toBe(204);
      expect(await world.record({ type: 'administrativeImpersonation.confirmed' })).toMatchObject({
        confirmedBy: 'second',
        confirmation: id,
        impersonator: 'support',
      });
      const answers = await Promise.all([ask({ reason: 'once' }, 0), ask({ reason: 'once' }, 1)]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      await world.clear();
      const again = await ask({ reason: 'once' });
      expect(again.body).toMatchObject({ error: expect.stringMatching(/authorization_pending|slow_down/) as unknown });
      expect(again.body['request_id']).not.toBe(id);
      // a confirmation that is replayed is of nothing any more
      expect((await confirm(id)).status).toBe(404);
    });

    it.each<[string, object, number]>([
      ['the same person', { sub: 'support' }, 403],
      ['a client', { sub: 'console', client_id: 'console' }, 401],
      ['somebody without the scope', { scope: 'impersonation.read' }, 403],
      ['a customer', { sub: 'alice', scope: 'impersonation.confirm' }, 401],
      ['somebody who is acted for', { act: { sub: 'user-service' } }, 403],
    ])('is not %s', async (_who, claims, status) => {
      const { body } = await ask({ reason: `for ${_who}` });
      expect((await confirm(body['request_id'], claims)).status).toBe(status);
      expect((await ask({ reason: `for ${_who}` })).body['error']).toBe('slow_down');
    });

    it('confirms what was asked, and nothing that differs', async () => {
      const { body } = await ask({ reason: 'exactly this' });
      expect((await confirm(body['request_id'])).status).toBe(204);
      expect((await confirm(body['request_id'])).status).toBe(409);
      for (const more of [{ subject_token: 'bob' }, { reason: 'exactly that' }, { ticket: 'T-8' }]) {
        expect((await ask({ reason: 'exactly this', ...more })).body['error']).toBe('authorization_pending');
      }
      expect((await ask({ reason: 'exactly this' })).status).toBe(200);
    });

    it('comes too late after the time to confirm, and an unknown request is none', async () => {
      const { requestTable } = await import('./impersonations.table.js');
      const { body } = await ask({ reason: 'too late' });
      const rows = world.stores[0]!.table(requestTable);
      const [row] = await rows.list({ id: String(body['request_id']) });
      await rows.update({ fingerprint: row!.fingerprint }, { expires_at: now() - 1 });
      expect((await confirm(body['request_id'])).status).toBe(404);
      expect((await confirm(randomUUID())).status).toBe(404);
    });
  });

  it('is explained, and nothing is begun by that', async () => {
    const token = await world.token({ sub: 'second', client_id: 'console', scope: 'exchange.explain' });
    const body = new URLSearchParams({ ...(await world.form()), client_id: 'support-tool' });
    const headers = { authorization: `Bearer ${token}` };
    const explained = await fetch(`${world.urls[0]}/admin/exchange/explain`, { method: 'POST', headers, body });
    expect(await explained.json()).toMatchObject({
      outcome: 'permitted',
      kind: 'administrative',
      details: { administrativeImpersonation: { administrator: 'support', disclosed: true, secondPerson: false } },
    });
    expect((await world.call('GET', '/admin/impersonations')).body['impersonations']).toEqual([]);
  });
});
