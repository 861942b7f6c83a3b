import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, IMPERSONATION_CLAIM, TokenType } from '@onbehalf/oauth-protocol';
import { testDatabases } from '@onbehalf/testing-internal';
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { hook, ISSUER, told } from './impersonation-configuration.fixture.js';
import { ImpersonationWorld } from './impersonation-world.fixture.js';

const [database, ...others] = await testDatabases();
const now = (): number => Math.floor(Date.now() / 1000);

describe('odd requests of administrators', () => {
  let world: ImpersonationWorld;
  beforeAll(async () => {
    world = await ImpersonationWorld.open(database!);
  });
  afterEach(() => world.clear());
  afterAll(async () => {
    await world.close();
    await Promise.all([database!, ...others].map((each) => each.stop()));
  });

  it.each<[string, Record<string, string | undefined>, Record<string, unknown>, string | undefined]>([
    ['the actor token as a JWT', { actor_token_type: TokenType.Jwt }, {}, undefined],
    ['a JWT asked for', { requested_token_type: TokenType.Jwt }, {}, undefined],
    ['an empty scope', { scope: '' }, {}, undefined],
    ['a scope twice', { scope: 'user.read user.read' }, {}, undefined],
    ['a reason of 500 characters', { reason: 'x'.repeat(500) }, {}, undefined],
    ['a reason in another script', { reason: '残高が違います' }, {}, undefined],
    ['a token for two audiences, this server among them', {}, { aud: ['auth-server', 'user-service'] }, undefined],
    ['a reason that turns the line', { reason: 'a\u202eb' }, {}, 'invalid_request'],
    ['a reason with a zero byte', { reason: 'a\u0000b' }, {}, 'invalid_request'],
    ['a ticket with a zero width space', { ticket: 'a\u200bb' }, {}, 'invalid_request'],
    ['a name of another alphabet', { subject_token: '\u0430lice' }, {}, 'invalid_request'],
    ['a name that is composed otherwise', { subject_token: 'ali\u0063\u0327e' }, {}, 'invalid_request'],
    ['a name of 255 characters', { subject_token: 'a'.repeat(255) }, {}, 'invalid_request'],
    ['a name in quotes', { subject_token: "' or 1=1 --" }, {}, 'invalid_request'],
    ['constructor', { subject_token: 'constructor' }, {}, 'invalid_request'],
    ['the type in capitals', { subject_token_type: TokenType.UserId.toUpperCase() }, {}, 'invalid_request'],
    ['an actor token that is on no record', {}, { jti: undefined }, 'invalid_request'],
    ['a login as text', {}, { auth_time: String(now()) }, 'invalid_request'],
    ['a login that is no number', {}, { auth_time: null }, 'invalid_request'],
    ['no role at all', {}, { scope: '' }, 'invalid_request'],
    ['a role with a suffix', {}, { scope: 'impersonate.all' }, 'invalid_request'],
    ['the role as a list', {}, { scope: ['impersonate'] }, 'invalid_request'],
    ['act as a text', {}, { act: 'user-service' }, 'invalid_request'],
    ['an empty act', {}, { act: {} }, 'invalid_request'],
    ['the mark as null', {}, { [IMPERSONATION_CLAIM]: null }, 'invalid_request'],
    ['an audience that begins like this server', {}, { aud: 'auth-server-me' }, 'invalid_request'],
    ['a client of another case', {}, { client_id: 'Support-Tool' }, 'invalid_request'],
    ['no audience', { audience: undefined }, {}, 'invalid_target'],
    ['an audience of another case', { audience: 'User-Service' }, {}, 'invalid_target'],
    ['openid', { scope: 'openid' }, {}, 'invalid_scope'],
    ['the role itself', { scope: 'impersonate' }, {}, 'invalid_scope'],
  ])('answers %s', async (_name, form, actor, error) => {
    const answer = await world.begin(form, actor);
    expect([answer.status, answer.body['error']]).toEqual([error === undefined ? 200 : 400, error]);
    if (error !== undefined) return;
    const claims = decodeJwt(String(answer.body['access_token']));
    expect(claims).toMatchObject({
      sub: 'alice',
      scope: 'user.read',
      act: { sub: 'support' },
      [IMPERSONATION_CLAIM]: {},
    });
  });

  it.each(['reason', 'ticket', 'subject_token', 'actor_token', 'scope'])('refuses %s twice', async (name) => {
    const form = new URLSearchParams(await world.form({ ticket: 'T', scope: 'user.read' }));
    form.append(name, form.get(name)!);
    expect((await world.post('/oauth2/token', form, 'support-tool')).body['error']).toBe('invalid_request');
  });

  it('gives several targets no token together', async () => {
    const form = new URLSearchParams(await world.form());
    form.append('audience', 'hidden');
    expect((await world.post('/oauth2/token', form, 'support-tool')).body['error']).toBe('invalid_target');
  });

  it('lets one of ten requests with the same token begin', async () => {
    const form = await world.form();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => world.post('/oauth2/token', form, 'support-tool')),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.every(({ status }) => status === 200 || status === 400)).toBe(true);
  });

  it('is of no use to another client, be it the token or the edge', async () => {
    const form = await world.form();
    for (const client of ['other-tool', 'user-service', 'stranger']) {
      expect((await world.post('/oauth2/token', form, client)).status).toBe(400);
    }
    const token = String((await world.begin()).body['access_token']);
    expect((await world.exchange('stranger', token, { audience: 'message-service' })).body['error']).toBe(
      'invalid_request',
    );
    expect((await world.post('/oauth2/revoke', { token }, 'stranger')).status).toBe(400);
    const refresh = { grant_type: GrantType.RefreshToken, refresh_token: token };
    expect((await world.post('/oauth2/token', refresh, 'support-tool')).status).toBe(400);
    expect(await world.introspect('support-tool', token)).toMatchObject({ active: true, act: { sub: 'support' } });
  });

  it('refuses the token of an administrator who has signed out of it', async () => {
    const actor_token = await world.token();
    await world.stores[0]!.tokens.revoke(String(decodeJwt(actor_token).jti));
    expect((await world.begin({ actor_token })).body['error']).toBe('invalid_request');
  });

  it.each([
    ['DELETE', "/admin/impersonations/' or 1=1", 404],
    ['DELETE', `/admin/impersonations/${'x'.repeat(3000)}`, 404],
    ['DELETE', '/admin/impersonations/%00', 404],
    ['POST', `/admin/impersonations/requests/${randomUUID()}/confirm`, 404],
    ['GET', `/admin/impersonations/requests/${randomUUID()}/confirm`, 404],
    ['DELETE', '/admin/impersonations', 404],
  ])('answers %s %s with %s', async (method, path, status) => {
    expect((await world.call(method, path)).status).toBe(status);
  });

  it('shows nothing without a token', async () => {
    for (const path of ['/admin/impersonations', '/admin/impersonations/requests']) {
      expect((await world.callWith('GET', path, 'x')).status).toBe(401);
    }
  });

  describe('an actor token that is bound to a key', () => {
    const holder = async () => {
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      const jwk = await exportJWK(publicKey);
      const prove = async (htu = `${ISSUER}/oauth2/token`, jti: string = randomUUID()) => {
        const proof = new SignJWT({ htm: 'POST', htu, jti }).setIssuedAt();
        return { dpop: await proof.setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(privateKey) };
      };
      return { prove, cnf: { jkt: await calculateJwkThumbprint(jwk) } };
    };

    it('begins with a proof of the key, as often as it may, and gives a token that is bound to it', async () => {
      const { prove, cnf } = await holder();
      const actor_token = await world.token({ cnf });
      for (const reason of ['the first time', 'the second time']) {
        const { status, body } = await world.begin({ actor_token, reason }, {}, 0, await prove());
        expect([status, body['token_type'], decodeJwt(String(body['access_token']))['cnf']]).toEqual([
          200,
          'DPoP',
          cnf,
        ]);
        await world.clear();
      }
    });

    it('begins nothing without a proof, with that of another key, for another address, or with one that was used', async () => {
      const [bound, other] = [await holder(), await holder()];
      const actor_token = await world.token({ cnf: bound.cnf });
      const used = await bound.prove(undefined, 'used-once');
      expect((await world.begin({ actor_token }, {}, 0, used)).status).toBe(200);
      await world.clear();
      for (const headers of [{}, await other.prove(), await bound.prove(`${ISSUER}/oauth2/introspect`), used]) {
        const { status, body } = await world.begin({ actor_token }, {}, 0, headers);
        expect([status, body['error']]).toEqual([
          400,
          expect.stringMatching(/^(invalid_request|invalid_dpop_proof)$/) as unknown,
        ]);
      }
    });
  });

  describe('the hook of a team', () => {
    const usual = hook.call;
    afterEach(() => void (hook.call = usual));

    it.each<[string, () => void | Promise<void>]>([
      [
        'throws',
        () => {
          throw new Error('the channel is gone');
        },
      ],
      ['rejects', () => Promise.reject(new Error('the channel is gone'))],
      ['never ends', () => new Promise<void>(() => undefined)],
    ])('that %s harms nothing: neither this impersonation, nor its end, nor the next one', async (_, call) => {
      hook.call = call;
      const first = await world.begin();
      expect(first.status).toBe(200);
      const id = String(decodeJwt(String(first.body['access_token'])).jti);
      expect((await world.call('GET', '/admin/impersonations')).body['impersonations']).toMatchObject([{ id }]);
      expect(await world.record({ fields: { impersonation: id } })).toMatchObject({ outcome: 'issued' });
      await world.clear();
      hook.call = usual;
      told.length = 0;
      expect((await world.begin()).status).toBe(200);
      expect(told).toHaveLength(1);
    });
  });
});
