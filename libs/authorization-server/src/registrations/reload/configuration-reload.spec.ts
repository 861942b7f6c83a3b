import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, postForm, testDatabases } from '@onbehalf/testing-internal';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { readServerConfig } from '../../configuration/read-server-config.js';
import { AuthorizationServerTesting } from '../../testing/authorization-server-testing.js';
import { ConfigurationReload } from './configuration-reload.js';
import { Registrations } from '../live/registrations.js';

type Document = Record<string, unknown>;

const OPERATORS = ['registrations.read', 'registrations.write', 'audit.read', 'exchange.explain'];
const random = (): string => randomBytes(16).toString('hex');
const [secret, rotated, wrong] = [random(), random(), random()];
const credentials = [GrantType.ClientCredentials];

/** One file for two replicas, which a test writes anew. */
function fileWith(more: Document = {}, clients: readonly object[] = []): Document {
  return {
    resources: [
      { audience: 'auth-server', scopes: OPERATORS },
      { audience: 'orders', scopes: ['orders.read'] },
      { audience: 'stock', scopes: ['stock.read'] },
    ],
    clients: [
      { clientId: 'operator', secret, grantTypes: credentials, scopes: OPERATORS, defaultResource: 'auth-server' },
      { clientId: 'orders', secret, grantTypes: [GrantType.TokenExchange], represents: ['orders'] },
      { clientId: 'job', secret: '${JOB_SECRET}', ...ASKS_STOCK },
      ...clients,
    ],
    users: [alice, { ...alice, username: 'bob' }],
    edges: [toStock],
    ...more,
  };
}
const ASKS_STOCK = { grantTypes: credentials, scopes: ['stock.read'], defaultResource: 'stock' };
const alice = { username: 'alice', passwordHash: `scrypt$16384$8$1$${'c2FsdHNhbHRzYWx0c2FsdA'}$${'e'.repeat(43)}` };
/** As an edge without a name is called. */
const EDGE = 'orders:orders:stock:delegation';
const toStock = {
  client: 'orders',
  subjectAudience: 'orders',
  target: 'stock',
  mode: 'delegation',
  scopes: { 'stock.read': {} },
};

const databases = await testDatabases();

describe.each(databases)('a file that is read again, on $name', (kind) => {
  const encryptionKeys = [randomBytes(32).toString('base64')];
  let path: string;
  let environment: Record<string, string>;
  let replicas: AuthorizationServerTesting[];
  let server: AuthorizationServerTesting;
  let other: AuthorizationServerTesting;

  const write = (document: Document | string, to = path): void =>
    writeFileSync(to, typeof document === 'string' ? document : JSON.stringify(document, null, 2));

  beforeEach(async () => {
    path = join(mkdtempSync(join(tmpdir(), 'reload-')), 'auth.yaml');
    environment = { JOB_SECRET: secret };
    replicas = [];
    write(fileWith());
    const url = kind.name === 'SQLite' ? `sqlite:${path}.db` : await kind.database();
    server = await start(url);
    other = await start(url);
  });
  afterEach(async () => {
    for (const each of replicas) await each.close();
  });
  afterAll(() => kind.stop());

  const start = async (url: string, needsRestart: readonly string[] = []): Promise<AuthorizationServerTesting> => {
    const read = () => readServerConfig(path, environment, { issuer: 'http://localhost' });
    const storage = (issuer: string) => openStore({ url, encryptionKeys, issuer, sweepInterval: 0 });
    const settings = { config: read(), readAgain: () => ({ config: read(), needsRestart }) };
    const started = await AuthorizationServerTesting.start({}, storage, settings);
    replicas.push(started);
    return started;
  };
  const token = (client: string, by = secret, at = server) =>
    postForm(`${at.issuer}/oauth2/token`, { grant_type: credentials }, { authorization: basic(client, by) });
  const asOperator = async (path: string, method = 'GET', at = server, scope = OPERATORS.join(' ')) => {
    const form = { grant_type: credentials, scope };
    const { body } = await postForm(`${at.issuer}/oauth2/token`, form, { authorization: basic('operator', secret) });
    const authorization = `Bearer ${String(body['access_token'])}`;
    const answer = await fetch(`${at.issuer}/admin/${path}`, { method, headers: { authorization } });
    return { status: answer.status, body: (await answer.json()) as Document };
  };
  const reload = (at = server) => asOperator('reload', 'POST', at);
  const follow = (at = other) => at.app.get(Registrations, { strict: false }).follow();
  const held = (subject: string, at = server) =>
    at.token({ subject, clientId: 'web', audience: 'orders', scopes: ['orders.read'] });
  const exchange = async (subjectToken: string, at = server, type: string = TokenType.AccessToken) => {
    const form = {
      grant_type: GrantType.TokenExchange,
      subject_token: subjectToken,
      subject_token_type: type,
      audience: 'stock',
    };
    return postForm(`${at.issuer}/oauth2/token`, form, { authorization: basic('orders', secret) });
  };

  it('counts at once, with its secrets, on all replicas; who has left it has nothing left', async () => {
    const [ofAlice, ofBob] = [await held('alice'), await held('bob')];
    expect((await exchange(ofBob)).status).toBe(200);
    const atOther = await held('bob', other);
    expect((await exchange(atOther, other)).status).toBe(200);
    environment['JOB_SECRET'] = rotated;
    write(fileWith({ users: [alice], generation: 2 }, [{ clientId: 'new', secret, ...ASKS_STOCK }]));
    expect((await token('new')).body['error']).toBe('invalid_client');

    expect(await reload()).toEqual({
      status: 200,
      body: {
        changed: [
          { kind: 'client', id: 'job', operation: 'file-replace', changed: ['secret'] },
          { kind: 'user', id: 'bob', operation: 'file-delete', changed: [] },
          { kind: 'client', id: 'new', operation: 'file-create', changed: [] },
        ],
        settings: ['generation'],
        needsRestart: [],
      },
    });

    expect((await token('new')).status).toBe(200);
    expect([(await token('job')).status, (await token('job', rotated)).status]).toEqual([401, 200]);
    expect((await exchange(ofBob)).body['error']).toBe('invalid_request');
    expect((await exchange(ofAlice)).status).toBe(200);
    await follow();
    expect((await token('new', secret, other)).status).toBe(200);
    expect((await token('job', secret, other)).status).toBe(401);
    expect((await exchange(atOther, other)).body['error']).toBe('invalid_request');
  });

  it('is on record: who, and what has changed', async () => {
    write(fileWith({ edges: [{ ...toStock, maxDepth: 2 }] }));
    expect((await reload()).status).toBe(200);
    const { body } = await asOperator('audit?type=registration_change');
    const records = (body['records'] as { event: Document }[]).map(({ event }) => event);
    const by = { operator: 'operator', clientId: 'operator', outcome: 'accepted' };
    const edge = { registrationKind: 'edge', registrationId: EDGE, changed: ['maxDepth'] };
    expect(records).toEqual([
      expect.objectContaining({ ...by, ...edge, operation: 'file-replace' }),
      expect.objectContaining({ ...by, registrationKind: 'configuration', operation: 'reload', changed: ['edges'] }),
    ]);
  });

  it('that has mistakes changes nothing: all of them are answered, without secrets', async () => {
    const bob = await held('bob');
    const clients = [{ ...ASKS_STOCK, clientId: 'shop', secret: [wrong] }];
    write(fileWith({ users: [alice], pages: 7 }, clients));
    const { status, body } = await reload();
    expect(status).toBe(400);
    expect(body['error']).toBe('invalid_request');
    expect(body['mistakes']).toEqual([
      expect.stringMatching(/^auth\.yaml:\d+: clients\[3\]\.secret is "\(hidden\)"/),
      expect.stringMatching(/^auth\.yaml:\d+: pages is 7/),
    ]);
    expect(JSON.stringify(body)).not.toContain(wrong);
    expect((await exchange(bob)).status).toBe(200);
    write(': : no YAML');
    expect((await reload()).status).toBe(400);
    delete environment['JOB_SECRET'];
    write(fileWith());
    expect((await reload()).body['mistakes']).toEqual([expect.stringContaining('JOB_SECRET')]);
    expect((await token('job')).status).toBe(200);
  });

  it('does not count for what only a restart changes, which is named', async () => {
    write(
      fileWith({ lifetimes: { accessToken: 60 }, dpop: { requireNonce: true } }, [
        { clientId: 'new', secret, ...ASKS_STOCK },
      ]),
    );
    const { body } = await reload();
    expect(body).toMatchObject({ needsRestart: ['dpop', 'lifetimes'], changed: [{ id: 'new' }] });
    expect((await token('job')).body['expires_in']).toBe(300);
  });

  it('is refused when nobody is registered in it, or when it is older than another that counts', async () => {
    write(fileWith({ generation: 3 }));
    expect((await reload()).status).toBe(200);
    write(fileWith({ generation: 2, users: [] }));
    const older = ['generation is 2; accepted: 3 or more, because a file of 3 is in force'];
    expect((await reload()).body['mistakes']).toEqual(older);
    write({});
    expect((await reload()).status).toBe(400);
    expect((await exchange(await held('bob'))).status).toBe(200);
  });

  it('is waited for by a replica whose copy is older, and nobody gets in by that one meanwhile', async () => {
    const [copy, newest] = [path, `${path}.newest`];
    write(fileWith({ generation: 1 }));
    expect((await reload()).status).toBe(200);
    await follow();
    const bob = await held('bob', other);
    write(fileWith({ generation: 2, users: [alice] }), newest);
    path = newest;
    expect((await reload()).status).toBe(200);
    path = copy;
    await follow();
    expect((await exchange(bob, other)).body['error']).toBe('invalid_request');
    expect(other.app.get(Registrations, { strict: false }).file.generation).toBe(1);
    path = newest;
    await follow();
    expect(other.app.get(Registrations, { strict: false }).file.generation).toBe(2);
  });

  it('without a number keeps out who has left it, also where its copy comes late', async () => {
    const [copy, newest] = [path, `${path}.newest`];
    const bob = await held('bob', other);
    write(fileWith({ users: [alice] }), newest);
    path = newest;
    expect((await reload()).status).toBe(200);
    path = copy;
    for (const each of [other, other]) {
      await follow(each);
      expect((await exchange(bob, each)).body['error']).toBe('invalid_request');
    }
    // a change that another replica makes does not have the copy begin a life again
    expect((await asOperator('clients/job/disable', 'POST')).status).toBe(200);
    await follow();
    expect((await exchange(bob, other)).body['error']).toBe('invalid_request');
    path = newest;
    await follow();
    expect(other.app.get(Registrations, { strict: false }).file.users).toHaveLength(1);
  });

  it('leaves what was changed at run time, and drift tells it right afterwards', async () => {
    expect((await asOperator('clients/job/disable', 'POST')).status).toBe(200);
    write(fileWith({}, [{ clientId: 'new', secret, ...ASKS_STOCK }]));
    expect((await reload()).status).toBe(200);
    expect((await asOperator('drift')).body).toEqual({
      drift: [{ kind: 'client', id: 'job', state: 'replaced', differs: ['enabled'] }],
    });
    expect((await token('job')).status).toBe(401);
  });

  it('takes away an operator who has left it, with the tokens', async () => {
    const deputy = { clientId: 'deputy', secret, grantTypes: credentials, scopes: OPERATORS };
    write(fileWith({}, [{ ...deputy, defaultResource: 'auth-server' }]));
    expect((await reload()).status).toBe(200);
    const { body } = await token('deputy');
    const headers = { authorization: `Bearer ${String(body['access_token'])}` };
    const list = () => fetch(`${server.issuer}/admin/clients`, { headers });
    expect((await list()).status).toBe(200);
    write(fileWith());
    expect((await reload()).status).toBe(200);
    expect((await list()).status).toBe(401);
  });

  it('names issuers of other domains, whose tokens are taken from then on, and no longer', async () => {
    const [one, another] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')];
    const issuer = 'https://partner.example';
    const trusting = async ({ publicKey }: typeof one): Promise<Document> => ({
      trustedIssuers: [{ issuer, algorithms: ['ES256'], jwks: { keys: [await exportJWK(publicKey)] } }],
      edges: [{ ...toStock, id: 'partner', subjectTypes: [TokenType.Jwt], subjectIssuers: [issuer] }],
    });
    const claims = { client_id: 'web', scope: 'orders.read' };
    const jwt = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .setIssuer(issuer)
      .setSubject('carol')
      .setAudience('orders')
      .setJti(random())
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(one.privateKey);
    const taken = async () => (await exchange(jwt, server, TokenType.Jwt)).status;
    expect(await taken()).toBe(400);
    write(fileWith(await trusting(one)));
    expect((await reload()).body).toMatchObject({
      settings: ['trustedIssuers'],
      changed: [{ id: EDGE }, { id: 'partner' }],
    });
    expect(await taken()).toBe(200);
    write(fileWith(await trusting(another)));
    expect((await reload()).status).toBe(200);
    expect(await taken()).toBe(400);
    const self = { ...(await trusting(one)), trustedIssuers: [{ issuer: server.issuer, algorithms: ['ES256'] }] };
    write(fileWith({ ...self, edges: [toStock] }));
    expect((await reload()).body['mistakes']).toEqual([expect.stringContaining('each other issuer once')]);
  });

  it('holds its rate limits at once', async () => {
    expect((await token('job')).status).toBe(200);
    write(fileWith({ rateLimits: { token: { requestsPerClient: 3 } } }));
    expect((await reload()).body).toMatchObject({ settings: ['rateLimits'], needsRestart: [] });
    const all = await Promise.all(Array.from({ length: 8 }, () => token('job')));
    expect(all.map(({ status }) => status)).toContain(429);
  });

  it('is one at a time, and the last one counts', async () => {
    write(fileWith({}, [{ clientId: 'new', secret, ...ASKS_STOCK }]));
    const by = { subject: 'signal:SIGHUP', clientId: 'auth-server' };
    const configuration = server.app.get(ConfigurationReload, { strict: false });
    const all = await Promise.all(Array.from({ length: 5 }, () => configuration.reload(by)));
    expect(all.map(({ changed }) => changed.length)).toEqual([1, 0, 0, 0, 0]);
  });

  it('may operators ask for who change registrations, and nobody else', async () => {
    expect((await asOperator('reload', 'POST', server, 'registrations.read')).status).toBe(403);
    expect((await fetch(`${server.issuer}/admin/reload`, { method: 'POST' })).status).toBe(401);
  });
});
