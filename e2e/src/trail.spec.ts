import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import {
  type Answer,
  basic,
  type Fields,
  logIn,
  type Login,
  postForm,
  testDatabases,
  UserAgent,
} from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';
import { until } from './until.js';

type Event = Readonly<Record<string, unknown>>;

interface Told {
  readonly event: Event;
  readonly sentence: string;
}

const APP = basic('client-app', 'client-app-secret');
const SERVICE = basic('user-service', 'user-service-secret');

describe.each(await testDatabases())('the trail is complete, on $name', (kind) => {
  let system: System;
  let server: string;
  let login: Login;
  let operator: Operator;

  beforeAll(async () => {
    const DATABASE_URL =
      kind.name === 'SQLite'
        ? `sqlite:${join(mkdtempSync(join(tmpdir(), 'trail-')), 'store.db')}`
        : await kind.database();
    const settings = { DATABASE_URL, ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    system = await (await System.onFreePorts(settings)).up('auth-server');
    server = system.url('auth-server');
    login = {
      issuer: server,
      clientId: 'client-app',
      redirectUri: `${system.url('client-app')}/callback`,
      scope: 'openid user.read',
      authorization: APP,
    };
    operator = await Operator.with('audit.read registrations.read registrations.write', server);
  }, 30_000);

  afterAll(async () => {
    await system.down();
    await kind.stop();
  });

  const token = (fields: Fields, authorization: string): Promise<Answer> =>
    postForm(`${server}/oauth2/token`, fields, { authorization });

  /** What the trail tells of one type, the newest first. */
  async function told(type: string, query: Readonly<Record<string, string>> = {}): Promise<Told[]> {
    const response = await operator.fetch(`/admin/audit?${new URLSearchParams({ type, ...query }).toString()}`);
    return ((await response.json()) as { records: Told[] }).records;
  }

  const newest = async (type: string, query = {}): Promise<Event | undefined> => (await told(type, query))[0]?.event;

  it('a login: who signed in, what was consented to, and the token that the client got', async () => {
    const { body } = await logIn(login);
    const { jti } = decodeJwt(String(body['access_token']));
    expect(await newest('login')).toMatchObject({ outcome: 'accepted', subject: 'baeldung', amr: ['pwd'] });
    expect(await newest('consent')).toMatchObject({
      outcome: 'accepted',
      subject: 'baeldung',
      clientId: 'client-app',
      targets: ['user-service'],
      scopesGranted: expect.arrayContaining(['openid', 'user.read']),
    });
    expect(await newest('authorization_code')).toMatchObject({
      outcome: 'issued',
      subject: 'baeldung',
      clientId: 'client-app',
      targets: ['user-service'],
      scopesGranted: ['user.read'],
      issuedTokenId: jti,
    });
  });

  it('a second login of a session that holds the consent already is no new one', async () => {
    const agent = new UserAgent();
    await logIn(login, agent);
    const before = (await told('consent')).length;
    expect((await logIn(login, agent)).status).toBe(200);
    expect(await told('consent')).toHaveLength(before);
  });

  it('a login that failed, of whom where there is such an account, and never what was typed', async () => {
    for (const username of ['baeldung', 'my-password-by-mistake']) {
      await expect(logIn({ ...login, username, password: 'wrong' })).rejects.toThrow();
    }
    await until(async () => (await told('login_failed')).length === 2);
    const events = (await told('login_failed')).map(({ event }) => event);
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ outcome: 'rejected', subject: 'baeldung' }),
        expect.not.objectContaining({ subject: expect.anything() }),
      ]),
    );
    expect(JSON.stringify(events)).not.toMatch(/mistake|wrong"/);
  });

  it('"user-service called" and "user-service called on behalf of baeldung" are two lines that differ', async () => {
    const { body } = await logIn(login);
    const asItself = await token({ grant_type: GrantType.ClientCredentials, scope: 'user.read' }, SERVICE);
    const exchange = (subject: unknown) =>
      token(
        {
          grant_type: GrantType.TokenExchange,
          subject_token: String(subject),
          subject_token_type: TokenType.AccessToken,
          audience: 'message-service',
          scope: 'message.read',
        },
        SERVICE,
      );
    expect((await exchange(body['access_token'])).status).toBe(200);
    const [onBehalf] = await told('token_exchange');
    const [itself] = await told('client_credentials', { client_id: 'user-service' });
    expect(itself?.event).toMatchObject({ subject: 'user-service', targets: ['user-service'], outcome: 'issued' });
    expect(itself?.event['issuedTokenId']).toBe(decodeJwt(String(asItself.body['access_token'])).jti);
    expect(itself?.sentence).toBe('user-service got a token for user-service in its own name, on behalf of nobody');
    expect(onBehalf?.event).toMatchObject({ subject: 'baeldung', clientId: 'user-service', kind: 'delegation' });
    expect(onBehalf?.sentence).toBe('user-service got a token for message-service on behalf of baeldung');
  });

  it('a refresh, one that is refused, and the revocation that follows a refresh token used twice', async () => {
    const { body } = await logIn(login);
    const refresh = () =>
      token({ grant_type: GrantType.RefreshToken, refresh_token: String(body['refresh_token']) }, APP);
    const refreshed = await refresh();
    expect(await newest('refresh_token')).toMatchObject({
      outcome: 'issued',
      subject: 'baeldung',
      clientId: 'client-app',
      issuedTokenId: decodeJwt(String(refreshed.body['access_token'])).jti,
    });
    expect((await refresh()).body['error']).toBe('invalid_grant');
    expect(await newest('refresh_token')).toMatchObject({
      outcome: 'rejected',
      clientId: 'client-app',
      error: 'invalid_grant',
    });
    expect(await newest('revocation')).toMatchObject({
      outcome: 'accepted',
      subject: 'baeldung',
      clientId: 'client-app',
      reason: 'a code or a refresh token was used twice',
    });
  });

  it.each<[string, Fields]>([
    ['authorization_code', { grant_type: GrantType.AuthorizationCode, code: 'x', redirect_uri: 'http://x.test/' }],
    ['refresh_token', { grant_type: GrantType.RefreshToken, refresh_token: 'x' }],
  ])('%s that is refused to a client that has authenticated', async (type, fields) => {
    expect((await token(fields, APP)).status).toBe(400);
    expect(await newest(type)).toMatchObject({ outcome: 'rejected', clientId: 'client-app', error: 'invalid_grant' });
  });

  it('a question about a token that is none of the client’s business', async () => {
    const { body } = await logIn(login);
    const ask = (value: unknown) =>
      postForm(
        `${server}/oauth2/introspect`,
        { token: String(value) },
        { authorization: basic('message-service', 'message-service-secret') },
      );
    expect((await ask(body['access_token'])).body).toEqual({ active: false });
    const { jti } = decodeJwt(String(body['access_token']));
    const refused = { outcome: 'rejected', clientId: 'message-service', subject: 'baeldung' };
    expect(await newest('introspection_refused')).toMatchObject({ ...refused, tokenId: jti });
    expect((await ask(body['refresh_token'])).body).toEqual({ active: false });
    expect(await newest('introspection_refused')).toMatchObject(refused);
    expect(await told('introspection_refused')).toHaveLength(2);
    expect((await ask('no token')).body).toEqual({ active: false });
    expect(await told('introspection_refused')).toHaveLength(2);
  });

  it('what a client revokes', async () => {
    const { body } = await logIn(login);
    const revoke = (value: unknown) =>
      postForm(`${server}/oauth2/revoke`, { token: String(value) }, { authorization: APP });
    await revoke(body['access_token']);
    const { jti } = decodeJwt(String(body['access_token']));
    const revoked = { subject: 'baeldung', clientId: 'client-app', reason: 'revoked by the client' };
    expect(await newest('revocation')).toMatchObject({ ...revoked, revokedTokenId: jti });
    await revoke(body['refresh_token']);
    expect(await newest('revocation')).toMatchObject(revoked);
    expect(await newest('revocation')).not.toHaveProperty('revokedTokenId');
  });

  it('a logout', async () => {
    const agent = new UserAgent();
    await logIn(login, agent);
    const page = await (await agent.get(`${server}/connect/logout?client_id=client-app`)).text();
    const [, action = ''] = /<form[^>]*action="([^"]+)"/.exec(page) ?? [];
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
    await agent.submit(action, { xsrf, logout: 'yes' });
    expect(await newest('logout')).toMatchObject({ outcome: 'accepted', subject: 'baeldung', clientId: 'client-app' });
  });

  it('the first keys', async () => {
    const begun = (await told('key_change')).filter(({ event }) => event['operation'] === 'begin');
    expect(begun.map(({ event }) => event['algorithm']).sort()).toEqual(['ES256', 'RS256']);
  });

  it('a new password, as what it is', async () => {
    const { etag, body } = await user();
    const document = Object.fromEntries(Object.entries(body).filter(([name]) => !['id', 'origin'].includes(name)));
    const passwordHash = 'scrypt$65536$8$2$NvU246RNnZZfY6i1KNADQA$fRixKyWDKoZ_obe2sCDcpeiFxmvZ0xk7vA-W19hOt88';
    const headers = { 'content-type': 'application/json', 'if-match': etag };
    const change = { method: 'PUT', headers, body: JSON.stringify({ ...document, passwordHash, name: 'B' }) };
    expect((await operator.fetch('/admin/users/baeldung', change)).status).toBe(200);
    expect(await newest('registration_change', { subject: 'baeldung' })).toMatchObject({
      operation: 'replace',
      registrationKind: 'user',
      registrationId: 'baeldung',
      operator: 'operator',
      changed: ['name', 'passwordHash'],
    });
    expect(JSON.stringify(await told('registration_change'))).not.toContain('scrypt');
  });

  async function user(): Promise<{ etag: string; body: Record<string, unknown> }> {
    const response = await operator.fetch('/admin/users/baeldung');
    const body = (await response.json()) as Record<string, unknown>;
    return { etag: response.headers.get('etag') ?? '', body };
  }

  describe('who is not known cannot fill it', () => {
    const nobody = () =>
      token({ grant_type: GrantType.RefreshToken, refresh_token: 'x' }, basic('client-app', 'wrong'));

    it('a client that does not authenticate is recorded a few times, and counted', async () => {
      for (let index = 0; index < 25; index += 1) expect((await nobody()).status).toBe(401);
      const records = await told('refresh_token', { client_id: 'unauthenticated' });
      expect(records).toHaveLength(10);
      expect(records[0]?.event).toMatchObject({ outcome: 'rejected', error: 'invalid_client' });
    });

    it('and nobody else is left out for it', async () => {
      expect((await token({ grant_type: GrantType.RefreshToken, refresh_token: 'x' }, APP)).status).toBe(400);
      expect(await newest('refresh_token')).toMatchObject({ clientId: 'client-app' });
    });
  });
});
