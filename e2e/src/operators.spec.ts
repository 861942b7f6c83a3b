import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, logIn, postForm, startPostgres } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';

const REDIRECT_URI = 'http://localhost:8080/callback';
const PASSWORD_HASH = 'scrypt$65536$8$2$NvU246RNnZZfY6i1KNADQA$eRixKyWDKoZ_obe2sCDcpeiFxmvZ0xk7vA-W19hOt88';
const ANOTHER_HASH = PASSWORD_HASH.replace('NvU246', 'AvU246');
const CREDENTIALS = GrantType.ClientCredentials;

const client = (clientId: string, grantTypes: readonly string[], more: object) => ({
  clientId,
  secret: `${clientId}-secret`,
  grantTypes,
  ...more,
});
const edge = (id: string, from: string, target: string, scope: string, more: object = {}) => ({
  id,
  client: from,
  subjectAudience: from,
  target,
  mode: 'delegation',
  scopes: { [scope]: {} },
  ...more,
});
const service = (name: string, scope: string) =>
  client(name, [CREDENTIALS, GrantType.TokenExchange], { scopes: [scope], defaultResource: name, represents: [name] });
const user = (username: string, more: object = {}) => ({ username, passwordHash: PASSWORD_HASH, ...more });

/** portal-app, feeder → portal → console → auth-server; crm would reach portal by an edge that is disabled, and notes by another. */
const config = {
  resources: [
    { audience: 'auth-server', scopes: ['audit.read', 'registrations.read', 'registrations.write'] },
    { audience: 'console', scopes: ['console.use'] },
    { audience: 'portal', scopes: ['portal.use'] },
    { audience: 'crm', scopes: ['read'] },
    { audience: 'notes', scopes: ['note'] },
  ],
  clients: [
    client('operator', [CREDENTIALS], {
      scopes: ['audit.read', 'registrations.read', 'registrations.write'],
      defaultResource: 'auth-server',
    }),
    service('console', 'console.use'),
    service('portal', 'portal.use'),
    service('crm', 'read'),
    client('feeder', [CREDENTIALS], { scopes: ['portal.use'], defaultResource: 'portal' }),
    client('portal-app', ['authorization_code'], {
      redirectUris: [REDIRECT_URI],
      scopes: ['openid', 'portal.use', 'read'],
      resources: ['crm', 'portal'],
      defaultResource: 'portal',
    }),
    client('reports', [CREDENTIALS], { scopes: ['note'], defaultResource: 'notes' }),
  ],
  users: [
    user('root', { entitledScopes: ['portal.use', 'console.use', 'audit.read'] }),
    user('locked', { entitledScopes: ['registrations.write'], enabled: false }),
    user('alice'),
    user('deputy'),
  ],
  edges: [
    edge('to-admin', 'console', 'auth-server', 'audit.read', { actor: 'either', actors: [{ sub: 'deputy' }] }),
    edge('to-console', 'portal', 'console', 'console.use'),
    edge('crm-to-portal', 'crm', 'portal', 'portal.use', { enabled: false }),
    edge('crm-to-notes', 'crm', 'notes', 'note', { enabled: false }),
  ],
};

const postgres = await startPostgres();

const databases = [
  {
    name: 'SQLite',
    open: () => Promise.resolve(`sqlite:${join(mkdtempSync(join(tmpdir(), 'operators-')), 'store.db')}`),
    stop: () => Promise.resolve(),
  },
  ...(postgres ? [{ name: 'PostgreSQL', open: () => postgres.database(), stop: () => postgres.stop() }] : []),
];

afterAll(async () => {
  for (const kind of databases) await kind.stop();
});

describe.each(databases)('who becomes an operator, on $name', (kind) => {
  let system: System;
  let server: string;
  let operator: Operator;

  beforeAll(async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'operators-')), 'config.json');
    writeFileSync(path, JSON.stringify(config));
    const settings = { DATABASE_URL: await kind.open(), ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    system = await (await System.onFreePorts({ ...settings, AUTH_SERVER_CONFIG: path })).up('auth-server');
    server = system.url('auth-server');
    operator = await Operator.with('audit.read registrations.read registrations.write', server);
  }, 30_000);

  afterAll(async () => {
    await system.down();
  });

  const send = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const content = { 'content-type': 'application/json', ...headers };
    const response = await operator.fetch(`/admin/${path}`, { method, headers: content, body: JSON.stringify(body) });
    const text = await response.text();
    const etag = response.headers.get('etag') ?? '';
    return { status: response.status, etag, body: (text ? JSON.parse(text) : {}) as Record<string, unknown> };
  };
  const create = (path: string, body: object) => send('PUT', path, body, { 'if-none-match': '*' });
  /** Puts what is there with these members changed. */
  const change = async (path: string, members: object) => {
    const { body, etag } = await send('GET', path);
    // what the server alone says
    const document = {
      ...body,
      id: undefined,
      origin: undefined,
      secretsExpireAt: undefined,
      signedOutAt: undefined,
      file: undefined,
    };
    return send('PUT', path, { ...document, ...members }, { 'if-match': etag });
  };
  const reports = { grantTypes: [CREDENTIALS], scopes: ['note'], defaultResource: 'notes' };
  const toPortal = { client: 'crm', subjectAudience: 'crm', target: 'portal', mode: 'delegation', scopes: {} };

  describe('nobody by registrations.write', () => {
    it.each<[string, () => Promise<{ status: number }>]>([
      ['a new secret for the client of the last exchange', () => send('POST', 'clients/console/secret', {})],
      ['a new secret for the client of an exchange before', () => send('POST', 'clients/portal/secret', {})],
      ['a new secret for a client that feeds the first', () => send('POST', 'clients/feeder/secret', {})],
      ['a new secret for a client by which users feed it', () => send('POST', 'clients/portal-app/secret', {})],
      ['a new secret for an operator', () => send('POST', 'clients/operator/secret', {})],
      ['another redirect URI for it', () => change('clients/portal-app', { redirectUris: ['http://evil.example/'] })],
      ['a client that feeds', () => create('clients/x', { ...reports, scopes: ['portal.use'], resources: ['portal'] })],
      ['a client that feeds by default', () => create('clients/x', { ...reports, defaultResource: 'console' })],
      ['a client that lists a scope of operators', () => create('clients/x', { ...reports, scopes: ['audit.read'] })],
      ['a resource for a client that has none', () => change('clients/reports', { resources: ['notes', 'portal'] })],
      ['an edge to the server', () => create('edges/x', { ...toPortal, target: 'auth-server' })],
      ['an edge to what leads there', () => create('edges/x', toPortal)],
      ['the target of another edge', () => change('edges/crm-to-notes', { target: 'console', scopes: {} })],
      ['the scopes of an edge on the way', () => change('edges/to-console', { scopes: {} })],
      ['an edge that is disabled', () => send('POST', 'edges/crm-to-portal/enable')],
      ['a resource on the way', () => change('resources/portal', { scopes: ['portal.use', 'more'] })],
      ['the resource of operators', () => change('resources/auth-server', { scopes: ['audit.read'] })],
      ['a user that lists', () => create('users/x', { passwordHash: PASSWORD_HASH, entitledScopes: ['audit.read'] })],
      ['what a user lists', () => change('users/alice', { entitledScopes: ['audit.read'] })],
      ['the password of one that lists', () => change('users/root', { passwordHash: ANOTHER_HASH })],
      ['what one lists that did', () => change('users/root', { entitledScopes: [] })],
      ['the password of one that may act there', () => change('users/deputy', { passwordHash: ANOTHER_HASH })],
      ['a user that lists and is locked out', () => send('POST', 'users/locked/enable')],
    ])('%s', async (_, attempt) => {
      expect((await attempt()).status).toBe(403);
    });

    it('nor by giving back what was taken away', async () => {
      for (const path of ['users/root', 'clients/feeder', 'edges/to-console']) {
        const { status, etag } = await send('POST', `${path}/disable`);
        expect(status).toBe(200);
        expect((await send('POST', `${path}/enable`)).status).toBe(403);
        expect((await change(path, { enabled: true })).status).toBe(403);
        expect((await send('DELETE', path, undefined, { 'if-match': etag })).status).toBe(403);
      }
    });
  });

  it('everything else can be changed, and a new password stands in the trail as that', async () => {
    expect((await send('POST', 'clients/reports/secret', {})).status).toBe(200);
    expect((await create('clients/y', reports)).status).toBe(201);
    expect((await send('POST', 'edges/crm-to-notes/enable')).status).toBe(200);
    expect((await change('users/alice', { passwordHash: ANOTHER_HASH })).status).toBe(200);
    const { body } = await send('GET', 'audit?type=registration_change&subject=alice');
    expect(body['records']).toMatchObject([
      { event: { operation: 'replace', changed: ['passwordHash'], operator: 'operator' } },
    ]);
    expect(JSON.stringify(body)).not.toContain('scrypt');
  });

  it.each<[string, string, object, RegExp]>([
    ['a client with NUL in its id, which no database takes', 'clients/a%00b', reports, /without control characters/],
    ['a user with a line break', 'users/a%0Ab', { passwordHash: PASSWORD_HASH }, /without control characters/],
    ['a resource that fits no index', `resources/${'r'.repeat(256)}`, { scopes: [] }, /no more than 255 characters/],
    ['an edge that fits none', `edges/${'e'.repeat(256)}`, { ...toPortal, target: 'notes' }, /no more than 255/],
    [
      'RFC 6749 §4.4: a public client with client credentials',
      'clients/p',
      { ...reports, authentication: 'none' },
      /grantTypes.*authentication is none/,
    ],
    ['a client named like a foreign subject', 'clients/https%3A%2F%2Fp.example%23ceo', reports, /unlike iss#sub/],
    [
      'a user named like a foreign subject',
      'users/https%3A%2F%2Fp.example%23ceo',
      { passwordHash: PASSWORD_HASH },
      /unlike iss#sub/,
    ],
    [
      'a resource with the name of another',
      'resources/r',
      { resource: 'urn:onbehalf:audience:auth-server', scopes: [] },
      /does not begin with urn:onbehalf:audience:/,
    ],
  ])('%s is refused', async (_, path, input, description) => {
    const { status, body } = await create(path, input);
    expect([status, body['error_description']]).toEqual([400, expect.stringMatching(description)]);
  });
});

describe.each(databases)('what was registered before the file tells of it, on $name', (kind) => {
  const CLIENT = client('auditor', [CREDENTIALS], { scopes: ['audit.read'], defaultResource: 'auth-server' });
  const ROOT = user('second-root', { entitledScopes: ['portal.use'] });
  const later = {
    ...config,
    clients: [...config.clients, CLIENT],
    users: [...config.users, { ...ROOT, entitledScopes: ['audit.read', 'portal.use'] }],
    edges: [...config.edges, edge('notes-to-portal', 'reports', 'portal', 'portal.use', { subjectAudience: 'notes' })],
  };
  const withReports = (document: typeof config): object => ({
    ...document,
    clients: document.clients.map((each) =>
      each.clientId === 'reports'
        ? { ...each, grantTypes: [CREDENTIALS, GrantType.TokenExchange], represents: ['notes'] }
        : each,
    ),
  });

  it('does not count where it leads to operators', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'operators-')), 'config.json');
    writeFileSync(path, JSON.stringify(withReports(config)));
    const settings = { DATABASE_URL: await kind.open(), ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    const system = await (await System.onFreePorts({ ...settings, AUTH_SERVER_CONFIG: path })).up('auth-server');
    try {
      const server = system.url('auth-server');
      const as = (clientId: string, secret: string, scope: string) =>
        postForm(
          `${server}/oauth2/token`,
          { grant_type: CREDENTIALS, scope },
          { authorization: basic(clientId, secret) },
        );
      const operator = await Operator.with('registrations.read registrations.write', server);
      const plant = async (address: string, document: object): Promise<Record<string, unknown>> => {
        const headers = { 'content-type': 'application/json', 'if-none-match': '*' };
        const response = await operator.fetch(address, { method: 'PUT', headers, body: JSON.stringify(document) });
        expect(response.status).toBe(201);
        return (await response.json()) as Record<string, unknown>;
      };
      const note = { grantTypes: [CREDENTIALS], scopes: ['note'], defaultResource: 'notes' };
      const planted = await plant('/admin/clients/auditor', note);
      const feeder = await plant('/admin/clients/late-feeder', note);
      await plant('/admin/users/second-root', { passwordHash: ANOTHER_HASH });
      expect((await as('auditor', String(planted['clientSecret']), 'note')).status).toBe(200);

      await system.app('auth-server').stop();
      writeFileSync(path, JSON.stringify(withReports(later)));
      await system.up('auth-server');
      expect((await as('auditor', String(planted['clientSecret']), 'audit.read')).body['error']).toBe('invalid_client');
      expect((await as('auditor', 'auditor-secret', 'audit.read')).body['scope']).toBe('audit.read');
      expect((await as('late-feeder', String(feeder['clientSecret']), 'note')).body['error']).toBe('invalid_client');
      const signIn = { issuer: server, clientId: 'portal-app', redirectUri: REDIRECT_URI, scope: 'openid portal.use' };
      const authorization = basic('portal-app', 'portal-app-secret');
      expect((await logIn({ ...signIn, username: 'second-root', authorization })).body['scope']).toContain(
        'portal.use',
      );
      const told = system.output().match(/"registrations.overruled","kind":"\w+","id":"[\w-]+"/g);
      expect(told).toHaveLength(3);
    } finally {
      await system.down();
    }
  }, 60_000);
});

describe('an exchange for a token of operators', () => {
  const folder = mkdtempSync(join(tmpdir(), 'operators-'));
  const path = join(folder, 'config.json');
  const nonces = join(folder, 'nonce-secret');
  let system: System;
  let server: string;

  beforeAll(async () => {
    writeFileSync(path, JSON.stringify(config));
    writeFileSync(nonces, randomBytes(32).toString('hex'));
    const settings = { AUTH_SERVER_CONFIG: path, NONCE_SECRET_FILE: nonces };
    system = await (await System.onFreePorts(settings)).up('auth-server');
    server = system.url('auth-server');
  }, 30_000);

  afterAll(() => system.down());

  const token = (clientId: string, fields: Record<string, string>): Promise<Answer> =>
    postForm(`${server}/oauth2/token`, fields, { authorization: basic(clientId, `${clientId}-secret`) });
  const exchange = (clientId: string, subject: Answer, audience: string): Promise<Answer> =>
    token(clientId, {
      grant_type: GrantType.TokenExchange,
      subject_token: String(subject.body['access_token']),
      subject_token_type: TokenType.AccessToken,
      audience,
    });
  const reach = async (username: string): Promise<Answer> => {
    const login = await logIn({
      issuer: server,
      clientId: 'portal-app',
      redirectUri: REDIRECT_URI,
      scope: 'openid portal.use',
      username,
      authorization: basic('portal-app', 'portal-app-secret'),
    });
    return exchange('console', await exchange('portal', login, 'console'), 'auth-server');
  };

  it('is for a user that lists its scope', async () => {
    const { body } = await reach('root');
    expect(body['scope']).toBe('audit.read');
    const authorization = `Bearer ${String(body['access_token'])}`;
    expect((await fetch(`${server}/admin/audit`, { headers: { authorization } })).status).toBe(200);
  });

  it('is not for a user that lists nothing', async () => {
    expect((await reach('alice')).body['error']).toBe('invalid_scope');
  });

  it('is not for a client that may not ask for it as itself', async () => {
    const own = await token('console', { grant_type: CREDENTIALS });
    expect((await exchange('console', own, 'auth-server')).body['error']).toBe('invalid_scope');
    const fed = await exchange('portal', await token('feeder', { grant_type: CREDENTIALS }), 'console');
    expect((await exchange('console', fed, 'auth-server')).body['error']).toBe('invalid_scope');
  });

  it('is given by what the file says since SIGHUP, and by nothing of a file with mistakes', async () => {
    const app = system.app('auth-server');
    const hangUp = async (clients: readonly object[], event: string): Promise<Record<string, unknown>> => {
      writeFileSync(path, JSON.stringify({ ...config, clients }));
      process.kill(app.pid, 'SIGHUP');
      await app.printed(event);
      return JSON.parse(app.lines.find((line) => line.includes(event))!) as Record<string, unknown>;
    };
    const second = client('second', [CREDENTIALS], { scopes: ['audit.read'], defaultResource: 'auth-server' });
    const asSecond = () => token('second', { grant_type: CREDENTIALS });
    const broken = { ...second, defaultResource: 'nowhere' };
    expect((await asSecond()).body['error']).toBe('invalid_client');

    const refused = await hangUp([...config.clients, broken], '"configuration.not_reloaded"');
    expect(refused['mistakes']).toEqual([expect.stringMatching(/^config\.json:\d+: clients\[7\]\.defaultResource /)]);
    expect((await asSecond()).body['error']).toBe('invalid_client');

    writeFileSync(nonces, randomBytes(32).toString('hex'));
    const reloaded = await hangUp([...config.clients, second], '"configuration.reloaded"');
    expect(reloaded).toMatchObject({ changed: 1, operator: 'signal:SIGHUP', needsRestart: ['NONCE_SECRET'] });
    const { body } = await asSecond();
    const authorization = `Bearer ${String(body['access_token'])}`;
    const audit = await fetch(`${server}/admin/audit?type=registration_change`, { headers: { authorization } });
    expect(await audit.text()).toContain('"operator":"signal:SIGHUP"');
  });

  it('changes the log level of the process', async () => {
    const { body } = await token('operator', { grant_type: CREDENTIALS, scope: 'registrations.write' });
    const headers = { authorization: `Bearer ${String(body['access_token'])}`, 'content-type': 'application/json' };
    const put = { method: 'PUT', headers, body: JSON.stringify({ level: 'debug', for: 60 }) };
    const probe = '"url":"/health/live"';
    await fetch(`${server}/health/live`);
    expect(system.output()).not.toContain(probe);
    expect((await fetch(`${server}/admin/log-level`, put)).status).toBe(200);
    await fetch(`${server}/health/live`);
    await system.app('auth-server').printed(probe);
  });
});
