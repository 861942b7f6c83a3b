import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import {
  type Answer,
  basic,
  type Fields,
  logIn,
  type Login,
  obtainCode,
  postForm,
  requirement,
  startPostgres,
  UserAgent,
} from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';
import { hashOf } from './password-hash.js';

const CRM = 'http://crm.local';
const PAYROLL = 'http://payroll.local';
const REDIRECT_URI = 'http://localhost:8080/callback';
const PASSWORD_HASH = hashOf('password');

const client = (clientId: string, grantTypes: readonly string[], more: object) => ({
  clientId,
  secret: `${clientId}-secret`,
  grantTypes,
  ...(grantTypes.includes('authorization_code') && { redirectUris: [REDIRECT_URI] }),
  ...more,
});
const LOGIN = ['authorization_code', 'refresh_token', 'client_credentials'];

const config = {
  resources: [
    { audience: 'crm', resource: CRM, scopes: ['read', 'crm.write'] },
    { audience: 'payroll', resource: PAYROLL, scopes: ['read', 'pay'] },
    { audience: 'notes', scopes: ['note'] },
    { audience: 'auth-server', scopes: ['audit.read', 'registrations.read', 'registrations.write'] },
  ],
  clients: [
    client('web', LOGIN, { scopes: ['openid', 'read', 'crm.write', 'pay'], defaultResource: 'crm' }),
    client('both', LOGIN, { scopes: ['openid', 'read', 'note'], resources: ['crm', 'notes'], defaultResource: 'crm' }),
    client('loose', LOGIN, { scopes: ['openid', 'read'] }),
    client('desk', LOGIN, { scopes: ['openid', 'audit.read'], defaultResource: 'auth-server' }),
    client('operator', ['client_credentials'], {
      scopes: ['registrations.read', 'registrations.write'],
      defaultResource: 'auth-server',
    }),
  ],
  users: [
    { username: 'alice', passwordHash: PASSWORD_HASH },
    { username: 'bob', passwordHash: PASSWORD_HASH, entitledScopes: ['read'] },
    { username: 'nobody', passwordHash: PASSWORD_HASH, entitledScopes: [] },
    { username: 'carol', passwordHash: PASSWORD_HASH, entitledScopes: ['read', 'crm.write'] },
    { username: 'root', passwordHash: PASSWORD_HASH, entitledScopes: ['audit.read'] },
  ],
};

const postgres = await startPostgres();

const databases = [
  {
    name: 'SQLite',
    open: () => Promise.resolve(`sqlite:${join(mkdtempSync(join(tmpdir(), 'resources-')), 'store.db')}`),
    stop: () => Promise.resolve(),
  },
  ...(postgres ? [{ name: 'PostgreSQL', open: () => postgres.database(), stop: () => postgres.stop() }] : []),
];

describe.each(databases)('tokens for what is registered, on $name', (kind) => {
  let system: System;
  let server: string;

  beforeAll(async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'resources-')), 'config.json');
    writeFileSync(path, JSON.stringify(config));
    const settings = { DATABASE_URL: await kind.open(), ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    system = await (await System.onFreePorts({ ...settings, AUTH_SERVER_CONFIG: path })).up('auth-server');
    server = system.url('auth-server');
  }, 30_000);

  afterAll(async () => {
    await system.down();
    await kind.stop();
  });

  const as = (clientId: string) => ({ authorization: basic(clientId, `${clientId}-secret`) });
  const token = (clientId: string, fields: Fields): Promise<Answer> =>
    postForm(`${server}/oauth2/token`, fields, as(clientId));
  const credentials = (clientId: string, fields: Fields): Promise<Answer> =>
    token(clientId, { grant_type: GrantType.ClientCredentials, ...fields });
  const request = (clientId: string, scope: string, username = 'alice', parameters: Login['parameters'] = {}) => ({
    issuer: server,
    clientId,
    redirectUri: REDIRECT_URI,
    scope,
    username,
    parameters,
    ...as(clientId),
  });
  const login = (...given: Parameters<typeof request>): Promise<Answer> => logIn(request(...given));
  const refresh = (clientId: string, { body }: Answer, fields: Fields = {}): Promise<Answer> =>
    token(clientId, { grant_type: GrantType.RefreshToken, refresh_token: String(body['refresh_token']), ...fields });
  const introspect = async (clientId: string, value: unknown): Promise<Answer['body']> =>
    (await postForm(`${server}/oauth2/introspect`, { token: String(value) }, as(clientId))).body;
  /** What the authorization endpoint says, before anybody has signed in. */
  const refusal = async (clientId: string, parameters: Record<string, string>): Promise<string | null> => {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: REDIRECT_URI,
      code_challenge: randomBytes(32).toString('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    });
    const { headers } = await new UserAgent().get(`${server}/oauth2/authorize?${query.toString()}`);
    return new URL(headers.get('location') ?? '/', server).searchParams.get('error');
  };
  const claimsOf = ({ body }: Answer) => {
    const { aud, scope } = decodeJwt(String(body['access_token']));
    return { aud, scope };
  };

  const foreign: [string, Record<string, string>][] = [
    ['another resource with a scope of the same name', { resource: PAYROLL, scope: 'read' }],
    ['another resource with a scope of its own', { resource: PAYROLL, scope: 'pay' }],
    ['another resource by the name that the server has for it', { resource: 'urn:onbehalf:audience:notes' }],
    ['a resource that nobody knows', { resource: 'urn:bogus', scope: 'read' }],
    ['the server itself', { resource: 'urn:onbehalf:audience:auth-server', scope: 'audit.read' }],
  ];

  describe('with client credentials', () => {
    it.each(foreign)(
      `${requirement('RFC8707-2-invalid-target', 'an unacceptable resource SHOULD be answered with invalid_target')}: %s`,
      async (_, fields) => {
        const { status, body } = await credentials('web', fields);
        expect([status, body['error']]).toEqual([400, 'invalid_target']);
        expect(JSON.stringify(body)).not.toContain('payroll');
      },
    );

    it('one that is registered beside another is invalid_target', async () => {
      const { body } = await credentials('web', { resource: [CRM, PAYROLL], scope: 'read' });
      expect(body['error']).toBe('invalid_target');
    });

    it('a client that may have tokens for nothing gets none', async () => {
      expect((await credentials('loose', { scope: 'read' })).body['error']).toBe('invalid_target');
      expect((await credentials('loose', { resource: CRM, scope: 'read' })).body['error']).toBe('invalid_target');
    });

    it.each<[string, string, Fields, { aud: string; scope: string }]>([
      ['web', 'the default resource', { scope: 'read' }, { aud: 'crm', scope: 'read' }],
      ['web', 'it by its URI', { resource: CRM, scope: 'read' }, { aud: 'crm', scope: 'read' }],
      ['both', 'each that it lists', { resource: CRM, scope: 'read note' }, { aud: 'crm', scope: 'read' }],
      ['both', 'each other', { resource: 'urn:onbehalf:audience:notes' }, { aud: 'notes', scope: 'note' }],
    ])('%s gets tokens for %s', async (clientId, _, fields, expected) => {
      const answer = await credentials(clientId, fields);
      expect(claimsOf(answer)).toEqual(expected);
      expect(answer.body['scope']).toBe(expected.scope);
    });

    it('RFC 6749 §3.3: of scopes that mean nothing here, nothing is left', async () => {
      for (const scope of ['bogus', 'pay', 'openid', 'audit.read']) {
        expect((await credentials('web', { scope })).body['error']).toBe('invalid_scope');
      }
    });

    it('RFC 6749 §5.1: the answer says what is left of the scope', async () => {
      expect((await credentials('web', { scope: 'bogus read pay' })).body['scope']).toBe('read');
    });

    it('RFC 6749 §3.3: without a scope it is all that is registered, and the answer says so', async () => {
      const answer = await credentials('web', {});
      expect([answer.body['scope'], claimsOf(answer).scope]).toEqual(['read crm.write', 'read crm.write']);
    });
  });

  describe('at login', () => {
    it.each(foreign)(
      `${requirement('RFC8707-2-invalid-target', 'an unacceptable resource SHOULD be answered with invalid_target')}: %s, pushed or not`,
      async (_, parameters) => {
        const scope = `openid ${parameters['scope'] ?? ''}`.trim();
        expect(await refusal('web', { ...parameters, scope })).toBe('invalid_target');
        const pushed = {
          response_type: 'code',
          client_id: 'web',
          redirect_uri: REDIRECT_URI,
          code_challenge: 'x'.repeat(43),
          code_challenge_method: 'S256',
        };
        const answer = await postForm(`${server}/oauth2/par`, { ...pushed, ...parameters, scope }, as('web'));
        expect(answer.body['error']).toBe('invalid_target');
      },
    );

    it('RFC 6749 §4.1.2.1: a scope of which nothing can be granted is refused before anybody signs in', async () => {
      expect(await refusal('web', { scope: 'bogus' })).toBe('invalid_scope');
      expect(await refusal('web', { scope: 'pay' })).toBe('invalid_scope');
      expect(await refusal('loose', { scope: 'read' })).toBe('invalid_scope');
      // one of the server's own that is not registered for the client
      expect(await refusal('web', { scope: 'openid profile' })).toBe('invalid_scope');
      expect(await refusal('web', { scope: 'openid read' })).toBeNull();
    });

    it('RFC 6749 §5.1: the answer says what was granted, openid included', async () => {
      const answer = await login('web', 'openid read pay bogus');
      expect(answer.body['scope']).toBe('openid read');
      expect(claimsOf(answer)).toEqual({ aud: 'crm', scope: 'read' });
      expect((await refresh('web', answer)).body['scope']).toBe('openid read');
    });

    it('a token without a scope of a resource is for no resource', async () => {
      const answer = await login('web', 'openid');
      expect(answer.body['scope']).toBe('openid');
      expect(String(answer.body['access_token'])).not.toContain('.');
      expect(await introspect('web', answer.body['access_token'])).toMatchObject({ active: true, scope: 'openid' });
      expect((await refresh('web', answer)).body['scope']).toBe('openid');
    });

    it('a code for one resource gives no token for another', async () => {
      const code = await obtainCode(request('web', 'openid read'));
      expect((await token('web', { ...code, resource: PAYROLL })).body['error']).toBe('invalid_target');
    });

    it('a code for two gives a token for each, and no third', async () => {
      const notes = 'urn:onbehalf:audience:notes';
      const answer = await login('both', 'openid read note', 'alice', { resource: [CRM, notes] });
      expect(claimsOf(answer)).toEqual({ aud: 'crm', scope: 'read' });
      const other = await refresh('both', answer, { resource: notes });
      expect([claimsOf(other), other.body['scope']]).toEqual([{ aud: 'notes', scope: 'note' }, 'openid note']);
      expect((await refresh('both', other, { resource: PAYROLL })).body['error']).toBe('invalid_target');
    });

    it('RFC 8707 §2.2: a token is for one of two, and not for what the code was not for', async () => {
      const code = await obtainCode(request('both', 'openid read note', 'alice', { resource: CRM }));
      const notes = 'urn:onbehalf:audience:notes';
      expect((await token('both', { ...code, resource: notes })).body['error']).toBe('invalid_target');
      const another = await obtainCode(request('both', 'openid read note', 'alice', { resource: [CRM, notes] }));
      expect((await token('both', { ...another, resource: [CRM, notes] })).body['error']).toBe('invalid_target');
    });

    it('a refresh gives no token for another resource', async () => {
      const answer = await login('web', 'openid read');
      expect((await refresh('web', answer, { resource: PAYROLL, scope: 'read' })).body['error']).toBe('invalid_target');
    });

    it('a refresh for openid alone is for no resource', async () => {
      const answer = await refresh('web', await login('web', 'openid read'), { scope: 'openid' });
      expect(answer.body['scope']).toBe('openid');
      expect(String(answer.body['access_token'])).not.toContain('.');
    });
  });

  describe('entitlements', () => {
    it('hold at login, and the answer says what is left', async () => {
      const answer = await login('web', 'openid read crm.write', 'bob');
      expect(answer.body['scope']).toBe('openid read');
      expect(claimsOf(answer)).toEqual({ aud: 'crm', scope: 'read' });
    });

    it('leave nothing to those who list nothing', async () => {
      expect((await login('web', 'openid read', 'nobody')).body['scope']).toBe('openid');
      await expect(login('web', 'read', 'nobody')).rejects.toThrow('invalid_scope');
    });

    it('hold at the next refresh, at introspection and at the next login in the same session', async () => {
      const agent = new UserAgent();
      const before = await logIn(request('web', 'openid read crm.write', 'carol'), agent);
      expect(before.body['scope']).toBe('openid read crm.write');
      const operator = await Operator.with('registrations.read registrations.write', server);
      const entitle = async (entitledScopes: readonly string[]): Promise<number> => {
        const etag = (await operator.fetch('/admin/users/carol')).headers.get('etag') ?? '';
        const headers = { 'content-type': 'application/json', 'if-match': etag };
        const body = JSON.stringify({ entitledScopes });
        return (await operator.fetch('/admin/users/carol', { method: 'PUT', headers, body })).status;
      };
      expect(await entitle(['read'])).toBe(200);

      expect(await introspect('web', before.body['access_token'])).toMatchObject({ active: true, scope: 'read' });
      expect((await introspect('web', before.body['refresh_token']))['scope']).toBe('openid read');
      const refreshed = await refresh('web', before);
      expect([refreshed.body['scope'], claimsOf(refreshed).scope]).toEqual(['openid read', 'read']);
      const again = await logIn(request('web', 'openid read crm.write', 'carol'), agent);
      expect(again.body['scope']).toBe('openid read');

      expect(await entitle([])).toBe(200);
      expect(await introspect('web', refreshed.body['access_token'])).toEqual({ active: false });
      const last = await refresh('web', refreshed);
      expect(last.body['scope']).toBe('openid');
      expect(String(last.body['access_token'])).not.toContain('.');
    });
  });

  describe('scopes of the server itself', () => {
    it('are not for users that list nothing', async () => {
      expect((await login('desk', 'openid audit.read')).body['scope']).toBe('openid');
      await expect(login('desk', 'audit.read')).rejects.toThrow('invalid_scope');
    });

    it('are for users that list them', async () => {
      const answer = await login('desk', 'openid audit.read', 'root');
      expect(answer.body['scope']).toBe('openid audit.read');
      const authorization = `Bearer ${String(answer.body['access_token'])}`;
      expect((await fetch(`${server}/admin/audit`, { headers: { authorization } })).status).toBe(200);
    });
  });
});
