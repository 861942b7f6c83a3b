import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, logIn, postForm, startPostgres, UserAgent } from '@onbehalf/testing-internal';
import fc from 'fast-check';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';

const EDGE = 'user-service:user-service:message-service:delegation';

const postgres = await startPostgres();

const databases = [
  {
    name: 'SQLite',
    open: () => Promise.resolve(`sqlite:${join(mkdtempSync(join(tmpdir(), 'registrations-')), 'store.db')}`),
    stop: () => Promise.resolve(),
  },
  ...(postgres ? [{ name: 'PostgreSQL', open: () => postgres.database(), stop: () => postgres.stop() }] : []),
];

describe.each(databases)('registrations at run time, with two replicas on $name', (kind) => {
  let system: System;
  let replica: System;
  let server: string;
  let operator: Operator;

  beforeAll(async () => {
    const shared = { DATABASE_URL: await kind.open(), ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    system = await (await System.onFreePorts(shared)).up('auth-server');
    server = system.url('auth-server');
    replica = await (await System.onFreePorts({ ...shared, ISSUER: server })).up('auth-server');
    operator = await Operator.with('registrations.read registrations.write audit.read', server);
  }, 30_000);

  afterAll(async () => {
    await replica.down();
    await system.down();
    await kind.stop();
  });

  const login = (agent?: UserAgent) => {
    const redirectUri = `${system.url('client-app')}/callback`;
    const authorization = basic('client-app', 'client-app-secret');
    return logIn(
      { issuer: server, clientId: 'client-app', redirectUri, scope: 'openid user.read', authorization },
      agent,
    );
  };
  const credentials = (client: string, secret = `${client}-secret`, at = server) =>
    postForm(
      `${at}/oauth2/token`,
      { grant_type: GrantType.ClientCredentials, scope: 'user.read' },
      { authorization: basic(client, secret) },
    );
  const exchange = (token: unknown, at = server): Promise<Answer> =>
    postForm(
      `${at}/oauth2/token`,
      {
        grant_type: GrantType.TokenExchange,
        subject_token: String(token),
        subject_token_type: TokenType.AccessToken,
        audience: 'message-service',
        scope: 'message.read',
      },
      { authorization: basic('user-service', 'user-service-secret') },
    );
  const isActive = async (token: unknown): Promise<unknown> => {
    const authorization = basic('user-service', 'user-service-secret');
    const { body } = await postForm(`${server}/oauth2/introspect`, { token: String(token) }, { authorization });
    return body['active'];
  };
  const send = async (
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
    by = operator,
  ) => {
    const content = { 'content-type': 'application/json', ...headers };
    const response = await by.fetch(path, { method, headers: content, body: body && JSON.stringify(body) });
    const text = await response.text();
    return {
      status: response.status,
      etag: response.headers.get('etag') ?? '',
      body: (text ? JSON.parse(text) : {}) as Record<string, unknown>,
    };
  };
  const eventually = async (probe: () => Promise<boolean>): Promise<number> => {
    const begin = Date.now();
    while (!(await probe())) {
      if (Date.now() - begin > 5000) throw new Error('not within 5 s');
      await sleep(100);
    }
    return Date.now() - begin;
  };

  it('are closed without their scope', async () => {
    const reader = await Operator.with('registrations.read', server);
    expect((await reader.fetch('/admin/clients')).status).toBe(200);
    expect((await reader.fetch('/admin/users/baeldung/disable', { method: 'POST' })).status).toBe(403);
    const other = await Operator.with('audit.read', server);
    expect((await other.fetch('/admin/users')).status).toBe(403);
    expect((await fetch(`${server}/admin/users`)).status).toBe(401);
  });

  it('are listed with what the file says, without passwords and secrets', async () => {
    const { body } = await send('GET', '/admin/users/baeldung');
    expect(body).toMatchObject({ id: 'baeldung', origin: 'file', enabled: true });
    for (const kinds of ['clients', 'users', 'resources', 'edges']) {
      const list = JSON.stringify((await send('GET', `/admin/${kinds}`)).body);
      expect(list).not.toMatch(/scrypt|"secret"|hash|-secret/i);
    }
    expect((await send('GET', '/admin/users/nobody')).status).toBe(404);
  });

  it('a disabled user cannot log in, refresh or have tokens exchanged, and what it held is revoked, on all replicas', async () => {
    const agent = new UserAgent();
    const { body: held } = await login(agent);
    const { body: exchanged } = await exchange(held['access_token']);
    expect(await isActive(exchanged['access_token'])).toBe(true);

    expect((await send('POST', '/admin/users/baeldung/disable')).body).toMatchObject({
      enabled: false,
      origin: 'store',
    });
    expect(await isActive(held['access_token'])).toBe(false);
    expect(await isActive(exchanged['access_token'])).toBe(false);
    expect((await exchange(held['access_token'])).body['error']).toBe('invalid_request');
    await expect(login()).rejects.toThrow('no code came back');
    const refresh = { grant_type: GrantType.RefreshToken, refresh_token: String(held['refresh_token']) };
    const asApp = { authorization: basic('client-app', 'client-app-secret') };
    expect((await postForm(`${server}/oauth2/token`, refresh, asApp)).body['error']).toBe('invalid_grant');

    expect((await send('POST', '/admin/users/baeldung/enable')).status).toBe(200);
    expect((await postForm(`${server}/oauth2/token`, refresh, asApp)).body['error']).toBe('invalid_grant');
    // a second must pass, or the new session is as old as the end of the others
    await sleep(1000);
    expect((await login()).status).toBe(200);
    // the session that was open before does not come back to life
    expect((await login(agent)).status).toBe(200);
    const records = await (await operator.fetch('/admin/audit?subject=baeldung&limit=1000')).text();
    expect(records).toContain('"operation":"disable"');
    expect(records).toContain('"operator":"operator"');
  }, 20_000);

  it('a disabled client is refused, its tokens are revoked, and other replicas refuse it within 5 s', async () => {
    const { body } = await credentials('user-service');
    expect((await send('POST', '/admin/clients/user-service/disable')).status).toBe(200);
    expect((await credentials('user-service')).status).toBe(401);
    const elsewhere = replica.url('auth-server');
    await eventually(async () => (await credentials('user-service', undefined, elsewhere)).status === 401);
    expect((await send('POST', '/admin/clients/user-service/enable')).status).toBe(200);
    expect(await isActive(body['access_token'])).toBe(false);
    await eventually(async () => (await credentials('user-service', undefined, elsewhere)).status === 200);
  }, 20_000);

  it('refresh tokens of a client do not come back when it is enabled again', async () => {
    const { body } = await login();
    const asApp = { authorization: basic('client-app', 'client-app-secret') };
    const refresh = (token: unknown) =>
      postForm(`${server}/oauth2/token`, { grant_type: GrantType.RefreshToken, refresh_token: String(token) }, asApp);
    const { body: refreshed } = await refresh(body['refresh_token']);
    expect(typeof refreshed['refresh_token']).toBe('string');
    await send('POST', '/admin/clients/client-app/disable');
    expect((await refresh(refreshed['refresh_token'])).body['error']).toBe('invalid_client');
    await send('POST', '/admin/clients/client-app/enable');
    expect((await refresh(refreshed['refresh_token'])).body['error']).toBe('invalid_grant');
  });

  it('what one replica changes, another one knows before it changes it again', async () => {
    const document = {
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['user.read'],
      defaultResource: 'user-service',
    };
    const other = operator.at(replica.url('auth-server'));
    const at = (by: Operator, method: string, path: string, headers = {}, body?: object) =>
      send(method, `/admin/clients/shared${path}`, body, headers, by);
    for (const [here, there] of [
      [operator, other],
      [other, operator],
    ] as const) {
      const created = await at(here, 'PUT', '', { 'if-none-match': '*' }, document);
      expect([created.status, created.etag]).toEqual([201, '"1"']);
      expect((await at(there, 'POST', '/disable')).status).toBe(200);
      expect((await at(here, 'POST', '/enable')).status).toBe(200);
      const { status, etag } = await at(there, 'GET', '');
      expect([status, etag]).toEqual([200, '"3"']);
      expect((await at(there, 'PUT', '', { 'if-match': etag }, document)).status).toBe(200);
      expect((await at(here, 'DELETE', '', { 'if-match': '"4"' })).status).toBe(204);
      expect((await at(there, 'POST', '/disable')).status).toBe(404);
    }
  });

  it('a disabled edge permits nothing', async () => {
    const subject = (await credentials('user-service')).body['access_token'];
    expect((await exchange(subject)).status).toBe(200);
    expect((await send('POST', `/admin/edges/${EDGE}/disable`)).status).toBe(200);
    expect((await exchange(subject)).body['error']).toBe('invalid_target');
    expect((await send('POST', `/admin/edges/${EDGE}/enable`)).status).toBe(200);
    expect((await exchange(subject)).status).toBe(200);
  });

  const reports = { grantTypes: [GrantType.ClientCredentials], scopes: ['user.read'], defaultResource: 'user-service' };

  it('a client is created with a secret that is told once, and rotated with an overlap', async () => {
    const created = await send('PUT', '/admin/clients/reports', reports, { 'if-none-match': '*' });
    expect([created.status, created.etag]).toEqual([201, '"1"']);
    const first = String(created.body['clientSecret']);
    expect((await credentials('reports', first)).status).toBe(200);
    await eventually(async () => (await credentials('reports', first, replica.url('auth-server'))).status === 200);

    const rotated = await send('POST', '/admin/clients/reports/secret', { overlap: 60 });
    const second = String(rotated.body['clientSecret']);
    expect((await credentials('reports', first)).status).toBe(200);
    expect((await credentials('reports', second)).status).toBe(200);
    const third = String((await send('POST', '/admin/clients/reports/secret', { overlap: 0 })).body['clientSecret']);
    expect((await credentials('reports', first)).status).toBe(401);
    expect((await credentials('reports', second)).status).toBe(401);
    expect((await credentials('reports', third)).status).toBe(200);
  });

  it('the secret of a client in the file is rotated, too', async () => {
    const { body } = await send('POST', '/admin/clients/message-service/secret', { overlap: 0 });
    const ask = (secret: string) =>
      postForm(`${server}/oauth2/introspect`, { token: 'x' }, { authorization: basic('message-service', secret) });
    expect((await ask('message-service-secret')).status).toBe(401);
    expect((await ask(String(body['clientSecret']))).status).toBe(200);
  });

  it('an emergency is not told of another version, whatever is changed at both replicas at once', async () => {
    const path = '/admin/clients/busy';
    const document = {
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['user.read'],
      defaultResource: 'user-service',
    };
    const replicas = [operator, operator.at(replica.url('auth-server'))] as const;
    expect((await send('PUT', path, document, { 'if-none-match': '*' })).status).toBe(201);
    const change = fc.tuple(fc.constantFrom('disable', 'enable', 'secret', 'put'), fc.constantFrom(0, 1));
    const changes = fc.array(change, { minLength: 2, maxLength: 6 }).map((some) => [...some, ['disable', 1] as const]);
    const property = fc.asyncProperty(changes, async (all) => {
      const { etag } = await send('GET', path);
      const answers = all.map(async ([operation, at]) => {
        if (operation !== 'put') return (await send('POST', `${path}/${operation}`, {}, {}, replicas[at])).status;
        const { status } = await send('PUT', path, document, { 'if-match': etag }, replicas[at]);
        // who names a version may be told that it was another one
        return status === 412 ? 200 : status;
      });
      expect(await Promise.all(answers)).toEqual(all.map(() => 200));
    });
    await fc.assert(property, { numRuns: 8, seed: 23, endOnFailure: true });
  }, 60_000);

  it('two operators cannot overwrite each other', async () => {
    const { etag } = await send('GET', '/admin/clients/reports');
    const change = { ...reports, represents: ['user-service'] };
    const both = await Promise.all(
      [1, 2].map(() => send('PUT', '/admin/clients/reports', change, { 'if-match': etag })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    // the one that lost was never made, so the trail does not tell of it
    const trail = await operator.fetch('/admin/audit?type=registration_change&limit=1000');
    const { records } = (await trail.json()) as { records: { event: Record<string, unknown> }[] };
    const told = records.map(({ event }) => event).filter(({ registrationId }) => registrationId === 'reports');
    expect(told.filter(({ operation }) => operation === 'replace')).toEqual([
      expect.objectContaining({ registrationKind: 'client', changed: ['represents'], operator: 'operator' }),
    ]);
    expect((await send('PUT', '/admin/clients/reports', change)).status).toBe(428);
    expect((await send('PUT', '/admin/clients/reports', change, { 'if-none-match': '*' })).status).toBe(412);
  });

  it.each<[string, string, object, RegExp]>([
    ['a setting that does not exist', '/admin/clients/x', { ...reports, colour: 'red' }, /colour: no such parameter/],
    [
      'a scope that no object can hold',
      '/admin/edges/x',
      {
        ...{ client: 'user-service', subjectAudience: 'user-service', target: 'message-service', mode: 'delegation' },
        scopes: JSON.parse('{"message.read":{},"__proto__":{}}') as object,
      },
      /__proto__: no such parameter/,
    ],
    ['a secret', '/admin/clients/x', { ...reports, secret: 'mine' }, /secret: no such parameter/],
    ['a grant that does not exist', '/admin/clients/x', { ...reports, grantTypes: ['token-exchange'] }, /full URN/],
    ['a scope that is not registered', '/admin/clients/x', { ...reports, scopes: ['fly'] }, /scopes/],
    ['an id that a user has', '/admin/clients/baeldung', reports, /baeldung/],
    ['a user without a password', '/admin/users/x', {}, /passwordHash/],
    [
      'a password that is not hashed',
      '/admin/users/x',
      { passwordHash: 'scrypt$mine' },
      /passwordHash: a hash made by/,
    ],
    [
      'a private key',
      '/admin/clients/x',
      { ...reports, authentication: 'private_key_jwt', jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } },
      /^jwks\.keys\.0: a public key, without private members$/,
    ],
    [
      'an edge for a client that is not registered',
      '/admin/edges/x',
      { client: 'x', subjectAudience: 'user-service', target: 'message-service', mode: 'delegation', scopes: {} },
      /client/,
    ],
  ])('refuses %s', async (_, path, input, description) => {
    const { status, body } = await send('PUT', path, input, { 'if-none-match': '*' });
    expect(status).toBe(400);
    expect(body['error_description']).toMatch(description);
  });

  it('operators cannot make themselves more than they are', async () => {
    const admin = { ...reports, scopes: ['audit.read'], defaultResource: 'auth-server' };
    const create = { 'if-none-match': '*' };
    expect((await send('PUT', '/admin/clients/backdoor', admin, create)).status).toBe(403);
    expect((await send('PUT', '/admin/clients/backdoor', { ...reports, scopes: ['audit.read'] }, create)).status).toBe(
      403,
    );
    expect((await send('POST', '/admin/clients/prometheus/secret', {})).status).toBe(403);
    expect((await send('PUT', '/admin/resources/auth-server', { scopes: ['all'] }, { 'if-match': '"0"' })).status).toBe(
      403,
    );
    const edge = { client: 'user-service', subjectAudience: 'user-service', target: 'auth-server', mode: 'delegation' };
    expect((await send('PUT', '/admin/edges/x', { ...edge, scopes: { 'audit.read': {} } }, create)).status).toBe(403);
  });

  it('what was registered is deleted, and the file is in force again', async () => {
    const { etag } = await send('GET', '/admin/clients/reports');
    expect((await send('DELETE', '/admin/clients/reports', undefined, { 'if-match': '"99"' })).status).toBe(412);
    expect((await send('DELETE', '/admin/clients/reports', undefined, { 'if-match': etag })).status).toBe(204);
    expect((await send('GET', '/admin/clients/reports')).status).toBe(404);
    const edge = await send('GET', `/admin/edges/${EDGE}`);
    expect(edge.body['origin']).toBe('store');
    await send('DELETE', `/admin/edges/${EDGE}`, undefined, { 'if-match': edge.etag });
    expect((await send('GET', `/admin/edges/${EDGE}`)).body['origin']).toBe('file');
  });
});
