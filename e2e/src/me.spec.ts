import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt } from 'jose';
import { type Answer, basic, execute, logIn, postForm, toAnswer } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';
import { hashOf } from './password-hash.js';
import { closeStores, sharedStores } from './shared-stores.js';
import { storeSettings } from './store-settings.js';
import { until } from './until.js';

const PASSWORD_HASH = hashOf('password');
const REDIRECT = 'http://localhost:8080/callback';
const ME = 'https://server.example/me';
const APP = 'https://app.example';
const SCOPES = ['activity.read', 'activity.stop', 'exchange.evaluate'];
/** Within which every replica knows. Milliseconds. */
const SOON = 5_000;

type Document = Record<string, unknown>;

interface Line extends Document {
  readonly id: string;
  readonly outcome: string;
}

/** What somebody has by a login. */
interface SignedIn {
  /** For /me. */
  readonly me: string;
  /** For the first service. */
  readonly app: string;
  readonly refresh: string;
}

const secret = randomBytes(16).toString('hex');
const as = (client: string) => ({ authorization: basic(client, secret) });
const users = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'];
const web = {
  secret,
  grantTypes: [GrantType.AuthorizationCode, GrantType.RefreshToken],
  redirectUris: [REDIRECT],
  scopes: ['openid', 'read', ...SCOPES],
  resources: ['app', 'auth-server-me'],
  defaultResource: 'app',
};
const service = { secret, grantTypes: [GrantType.TokenExchange, GrantType.ClientCredentials] };
const delegation = { mode: 'delegation', actor: 'client' };
const file = {
  resources: [
    { audience: 'app', resource: APP, scopes: ['read'] },
    { audience: 'api', scopes: ['do', 'undo'] },
    { audience: 'desk', scopes: ['view'] },
    { audience: 'auth-server', scopes: ['registrations.read', 'registrations.write', 'audit.read'] },
    { audience: 'auth-server-me', resource: ME, scopes: SCOPES },
  ],
  clients: [
    { ...web, clientId: 'web' },
    { ...web, clientId: 'other-web', resources: ['app'], scopes: ['openid', 'read'] },
    // asks as itself for what is for people
    {
      ...service,
      clientId: 'machine',
      scopes: SCOPES,
      resources: ['auth-server-me'],
      defaultResource: 'auth-server-me',
    },
    { ...service, clientId: 'app', scopes: ['read'], defaultResource: 'app', represents: ['app'] },
    { ...service, clientId: 'api', scopes: ['do'], defaultResource: 'api', represents: ['api'] },
    { ...service, clientId: 'never-used', scopes: ['read'], defaultResource: 'app', represents: ['app'] },
    { ...service, clientId: 'helpdesk', scopes: ['read'], defaultResource: 'app', represents: ['app'] },
    {
      secret: 'operator-secret',
      clientId: 'operator',
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['registrations.read', 'registrations.write', 'audit.read'],
      defaultResource: 'auth-server',
    },
  ],
  users: [
    ...users.map((username) => ({ username, passwordHash: PASSWORD_HASH })),
    { username: 'limited', passwordHash: PASSWORD_HASH, entitledScopes: ['read', 'activity.read'] },
  ],
  edges: [
    { ...delegation, client: 'app', subjectAudience: 'app', target: 'api', scopes: { do: {} } },
    { ...delegation, client: 'never-used', subjectAudience: 'app', target: 'api', scopes: { do: {} } },
    { ...delegation, client: 'api', subjectAudience: 'api', target: 'app', scopes: { read: {} }, allowCycle: true },
    {
      client: 'helpdesk',
      subjectAudience: 'app',
      target: 'desk',
      mode: 'impersonation',
      reason: 'required',
      scopes: { view: {} },
    },
  ],
  rateLimits: { me: { requestsPerAccount: 120 }, token: { failuresPerClient: 10_000, failuresPerAddress: 10_000 } },
};

afterAll(closeStores);

describe.each(sharedStores)('what people see of themselves, on $name with two replicas', ({ open }) => {
  let url: string;
  let system: System;
  let replica: System;
  let servers: readonly string[];
  let operator: Operator;

  beforeAll(async () => {
    url = await open();
    const path = join(mkdtempSync(join(tmpdir(), 'me-')), 'auth-server.json');
    writeFileSync(path, JSON.stringify(file));
    const settings = { ...storeSettings(url), AUTH_SERVER_CONFIG: path };
    system = await (await System.onFreePorts(settings)).up('auth-server');
    replica = await (await System.onFreePorts({ ...settings, ISSUER: system.url('auth-server') })).up('auth-server');
    servers = [system, replica].map((each) => each.url('auth-server'));
    operator = await Operator.with('registrations.read registrations.write audit.read', servers[0]!);
  }, 60_000);

  afterAll(async () => {
    await replica.down();
    await system.down();
  });

  async function signIn(username: string, { clientId = 'web', scope = SCOPES.join(' '), password = 'password' } = {}) {
    const issuer = servers[0]!;
    const resource = clientId === 'other-web' ? [APP] : [APP, ME];
    const asked = {
      redirectUri: REDIRECT,
      scope: `openid read ${scope}`,
      username,
      password,
      parameters: { resource },
    };
    const code = { resource: APP };
    const { body, status } = await logIn({ issuer, clientId, ...asked, ...as(clientId) }, undefined, code);
    if (status !== 200) throw new Error(JSON.stringify(body));
    const more = await refresh(String(body['refresh_token']), clientId);
    return {
      app: String(body['access_token']),
      me: String(more.body['access_token']),
      refresh: String(more.body['refresh_token']),
    } satisfies SignedIn;
  }
  const sessions = new Map<string, Promise<SignedIn>>();
  /** A login that several tests use. */
  const shared = (username: string): Promise<SignedIn> => {
    const session = sessions.get(username) ?? signIn(username);
    sessions.set(username, session);
    return session;
  };
  const refresh = (token: string, clientId = 'web', resource = ME): Promise<Answer> =>
    postForm(
      `${servers[0]!}/oauth2/token`,
      { grant_type: GrantType.RefreshToken, refresh_token: token, resource },
      as(clientId),
    );
  const exchange = (subject: string, client = 'app', more: Record<string, string> = {}): Promise<Answer> =>
    postForm(
      `${servers[0]!}/oauth2/token`,
      {
        grant_type: GrantType.TokenExchange,
        subject_token: subject,
        subject_token_type: TokenType.AccessToken,
        audience: 'api',
        ...more,
      },
      as(client),
    );
  const tokenOf = (answer: Answer): string => String(answer.body['access_token']);
  const call = async (token: string, path: string, init: RequestInit = {}, at = servers[0]!): Promise<Answer> => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    return toAnswer(await fetch(`${at}/me${path}`, { ...init, headers }));
  };
  const lines = async (token: string, query = '', at = servers[0]!): Promise<Line[]> =>
    (await call(token, `/activity${query}`, {}, at)).body['activity'] as Line[];
  const stop = (token: string, id: string, at = servers[0]!) =>
    call(token, `/activity/${id}`, { method: 'DELETE' }, at);
  const evaluate = (token: string, body: unknown, headers: Record<string, string> = {}) =>
    call(token, '/evaluate', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  const isActive = async (token: string, at: string): Promise<boolean> =>
    (await postForm(`${at}/oauth2/introspect`, { token }, as('api'))).body['active'] === true;

  describe('activity', () => {
    it('tells what was exchanged on my behalf, by whom, for what, and how it was decided', async () => {
      const alice = await signIn('alice');
      const issued = tokenOf(await exchange(alice.app, 'app', { scope: 'do' }));
      await exchange(alice.app, 'app', { scope: 'undo' });
      const [refused, granted] = await lines(alice.me);
      expect(granted).toEqual({
        id: expect.stringMatching(/^[\w-]+$/),
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        outcome: 'issued',
        client_id: 'app',
        kind: 'delegation',
        actors: [{ sub: 'app', iss: servers[0] }],
        audiences: ['api'],
        scopes_requested: ['do'],
        scopes: ['do'],
        token_type: TokenType.AccessToken,
        expires_at: new Date(decodeJwt(issued).exp! * 1000).toISOString(),
        active: true,
        jti: decodeJwt(issued).jti,
        subject_jti: decodeJwt(alice.app).jti,
        decision: { edges: [expect.any(String)], steps: expect.any(Array) },
        trace_id: expect.any(String),
        receipt: expect.stringMatching(/^[\w-]{43}$/),
      });
      expect(refused).toMatchObject({
        outcome: 'rejected',
        client_id: 'app',
        audiences: ['api'],
        refusal: { rule: 'requested-scope', error: 'invalid_scope', reason: expect.stringContaining('undo') },
        decision: { steps: expect.arrayContaining([expect.objectContaining({ rule: 'requested-scope' })]) },
      });
      expect(refused).not.toHaveProperty('jti');
      // the same on the other replica, by the same names
      expect(await lines(alice.me, '', servers[1])).toEqual([refused, granted]);
    });

    it('tells who has taken my place, and why', async () => {
      const alice = await signIn('alice');
      const more = { audience: 'desk', reason: 'ticket 42' };
      expect((await exchange(alice.app, 'helpdesk', more)).status).toBe(200);
      expect((await lines(alice.me))[0]).toMatchObject({
        client_id: 'helpdesk',
        kind: 'impersonation',
        stated_reason: 'ticket 42',
        audiences: ['desk'],
      });
    });

    it('comes in pages, each line once, and the cursor of the last page is none', async () => {
      const grace = await signIn('grace');
      for (let i = 0; i < 5; i++) await exchange(grace.app);
      const seen: string[] = [];
      let query = '?limit=2';
      for (let pages = 0; ; pages++) {
        const { body } = await call(grace.me, `/activity${query}`, {}, servers[pages % 2]);
        seen.push(...(body['activity'] as Line[]).map(({ id }) => id));
        if (body['cursor'] === undefined) break;
        query = `?limit=2&cursor=${body['cursor'] as string}`;
      }
      expect(new Set(seen).size).toBe(5);
      expect(seen).toHaveLength(5);
    });

    it('a line that is stopped ends its token and what was made from it, for guards that follow the feed', async () => {
      const heidi = await signIn('heidi');
      const first = tokenOf(await exchange(heidi.app));
      const other = tokenOf(await exchange(heidi.app));
      const made = tokenOf(await exchange(first, 'api', { audience: 'app' }));
      const line = (await lines(heidi.me)).find(({ jti }) => jti === decodeJwt(first).jti)!;
      expect((await stop(heidi.me, line.id, servers[1])).status).toBe(204);
      for (const at of servers) expect([await isActive(first, at), await isActive(other, at)]).toEqual([false, true]);
      const feed = await (await fetch(`${servers[0]!}/oauth2/revocations`, { headers: as('api') })).text();
      for (const token of [first, made]) expect(feed).toContain(decodeJwt(token).jti);
      expect(feed).not.toContain(decodeJwt(other).jti);
      expect((await lines(heidi.me)).map(({ active }) => active)).toEqual([false, true, false]);
      expect((await stop(heidi.me, line.id)).status).toBe(204);
      const response = await operator.fetch('/admin/audit?type=revocation&subject=heidi');
      const { records } = (await response.json()) as { records: { event: Document }[] };
      expect(records.map(({ event }) => [event['revokedTokenId'], event['reason']])).toEqual([
        [decodeJwt(first).jti, expect.stringContaining('by the person')],
      ]);
      // the login goes on
      expect((await exchange(heidi.app)).status).toBe(200);
    });
  });

  describe('evaluate', () => {
    it('comes to what the exchange comes to, and issues nothing', async () => {
      const bob = await shared('bob');
      const real = tokenOf(await exchange(bob.app, 'app', { scope: 'do' }));
      const before = (await lines(bob.me)).length;
      expect((await call(bob.me, '/clients')).body).toEqual({
        clients: [{ client_id: 'app', subject_audiences: ['app'], targets: ['api'] }],
      });
      const { status, body } = await evaluate(bob.me, { client_id: 'app', audience: 'api', scope: 'do' });
      expect([status, body]).toEqual([
        200,
        expect.objectContaining({
          outcome: 'permitted',
          subject: 'bob',
          subject_audience: 'app',
          kind: 'delegation',
          actors: [{ sub: 'app', iss: servers[0] }],
          targets: ['api'],
          granted: { scopes: ['do'], expiresAt: expect.any(Number) },
        }),
      ]);
      expect(decodeJwt(real)['scope']).toBe('do');
      const all = await evaluate(bob.me, { client_id: 'app', audience: 'api', steps: 'all' });
      expect((all.body['steps'] as unknown[]).length).toBeGreaterThan((body['steps'] as unknown[]).length);
      expect(await lines(bob.me)).toHaveLength(before);
    });

    it('judges what was made from my login, too, with its chain', async () => {
      const bob = await shared('bob');
      const chained = tokenOf(await exchange(bob.app));
      expect((await exchange(chained, 'api', { audience: 'app' })).status).toBe(200);
      const { body } = await evaluate(bob.me, { client_id: 'api', audience: 'app' });
      expect(body).toMatchObject({
        outcome: 'permitted',
        subject_audience: 'api',
        actors: [
          { sub: 'api', iss: servers[0] },
          { sub: 'app', iss: servers[0] },
        ],
      });
    });

    it.each<[string, Document, Document]>([
      ['more than the edge gives', { scope: 'undo' }, { rule: 'requested-scope', error: 'invalid_scope' }],
      ['a target that is none', { audience: 'nowhere' }, { error: 'invalid_target' }],
      [
        'a token that the client may not exchange',
        { subject_audience: 'auth-server-me' },
        { rule: 'subject-audience' },
      ],
      [
        'more targets than anybody may name',
        { audience: Array.from({ length: 8 }, () => 'api'), resource: 'urn:x:y' },
        {},
      ],
    ])('refuses %s, as the exchange does', async (_, asked, refusal) => {
      const bob = await shared('bob');
      await exchange(bob.app);
      const { status, body } = await evaluate(bob.me, { client_id: 'app', audience: 'api', ...asked });
      expect([status, body]).toEqual([200, expect.objectContaining({ outcome: 'refused' })]);
      expect(body['refusal']).toMatchObject(refusal);
    });
  });

  describe('is closed to', () => {
    const paths: [string, string][] = [
      ['GET', '/activity'],
      ['DELETE', '/activity/x'],
      ['GET', '/clients'],
      ['POST', '/evaluate'],
    ];
    const expectClosed = async (token: string | undefined, statuses: readonly number[]) => {
      for (const at of servers)
        for (const [method, path] of paths) {
          const headers = {
            'content-type': 'application/json',
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          };
          const body = method === 'POST' ? JSON.stringify({ client_id: 'app' }) : null;
          const response = await fetch(`${at}/me${path}`, { method, headers, body });
          expect([path, statuses.includes(response.status)]).toEqual([path, true]);
          expect(response.headers.get('www-authenticate')).toContain('Bearer');
        }
    };

    it('nobody', () => expectClosed(undefined, [401]));
    it('what is no token', () => expectClosed('x', [401]));
    it('a token for another audience', async () => expectClosed((await shared('carol')).app, [401]));
    it('a token that was exchanged', async () => {
      await expectClosed(tokenOf(await exchange((await shared('carol')).app)), [401]);
    });
    it('a token in whose place somebody else stands', async () => {
      const { app } = await shared('carol');
      await expectClosed(tokenOf(await exchange(app, 'helpdesk', { audience: 'desk', reason: 'because' })), [401]);
    });
    it('a client that asks as itself', async () => {
      const credentials = { grant_type: GrantType.ClientCredentials };
      const answer = await postForm(`${servers[0]!}/oauth2/token`, credentials, as('machine'));
      expect(decodeJwt(tokenOf(answer)).aud).toBe('auth-server-me');
      await expectClosed(tokenOf(answer), [401]);
    });
    it('an operator', async () => {
      const credentials = { grant_type: GrantType.ClientCredentials };
      const bearer = { authorization: basic('operator', 'operator-secret') };
      await expectClosed(tokenOf(await postForm(`${servers[0]!}/oauth2/token`, credentials, bearer)), [401]);
    });
    it('an ID token', async () => {
      const issuer = servers[0]!;
      const login = { issuer, clientId: 'web', redirectUri: REDIRECT, scope: 'openid read', username: 'carol' };
      const { body } = await logIn({ ...login, ...as('web') });
      await expectClosed(String(body['id_token']), [401]);
    });
    it('a token without the scope', async () => {
      const { me } = await signIn('carol', { scope: 'activity.read' });
      expect((await call(me, '/activity')).status).toBe(200);
      for (const answer of [await stop(me, 'x'), await evaluate(me, {}), await call(me, '/clients')]) {
        expect([answer.status, answer.body['error']]).toEqual([403, 'insufficient_scope']);
      }
    });
    it('whoever has signed out of it', async () => {
      const carol = await signIn('carol');
      await postForm(`${servers[0]!}/oauth2/revoke`, { token: carol.refresh }, as('web'));
      await expectClosed(carol.me, [401]);
    });
    it('a disabled account', async () => {
      const { me } = await signIn('dave');
      expect((await call(me, '/activity')).status).toBe(200);
      expect((await operator.fetch('/admin/users/dave/disable', { method: 'POST' })).status).toBe(200);
      await expectClosed(me, [401]);
    });
    it('the endpoints of operators are closed to people', async () => {
      const { me } = await shared('carol');
      for (const path of ['/admin/audit', '/admin/clients', '/metrics', '/admin/../me/../admin/audit']) {
        const answer = await fetch(servers[0]! + path, { headers: { authorization: `Bearer ${me}` } });
        expect([path, answer.status]).toEqual([path, 401]);
      }
    });
    it('a scope that the account is not entitled to', async () => {
      const { me } = await signIn('limited');
      expect(decodeJwt(me)['scope']).toBe('activity.read');
      expect((await evaluate(me, { client_id: 'app' })).status).toBe(403);
    });
    it('a client that the file does not trust with it', async () => {
      const response = await fetch(
        `${servers[0]!}/oauth2/authorize?${new URLSearchParams({
          response_type: 'code',
          client_id: 'other-web',
          redirect_uri: REDIRECT,
          scope: 'activity.read',
          resource: ME,
          code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
          code_challenge_method: 'S256',
        }).toString()}`,
        { redirect: 'manual' },
      );
      expect(response.headers.get('location')).toMatch(/error=invalid_(target|scope)/);
    });
  });

  describe('nobody gets there by registering', () => {
    const put = (path: string, body: unknown) =>
      operator.fetch(path, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'if-none-match': '*' },
        body: JSON.stringify(body),
      });
    const replace = async (path: string, change: Document) => {
      const current = await operator.fetch(path);
      const shown = Object.entries((await current.json()) as Document);
      const document = Object.fromEntries(
        shown.filter(([name]) => !['id', 'origin', 'secretsExpireAt', 'file'].includes(name)),
      );
      return operator.fetch(path, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'if-match': current.headers.get('etag') ?? '' },
        body: JSON.stringify({ ...document, ...change }),
      });
    };

    it('the resource itself is of the file', async () => {
      expect((await replace('/admin/resources/auth-server-me', { scopes: ['activity.read'] })).status).toBe(403);
    });
    it.each(['target', 'subjectAudience'])('no edge has it as its %s', async (member) => {
      const edge = { client: 'app', subjectAudience: 'app', target: 'api', mode: 'delegation', scopes: {} };
      expect((await put('/admin/edges/planted', { ...edge, [member]: 'auth-server-me' })).status).toBe(400);
    });
    it('no client represents it', async () => {
      expect((await replace('/admin/clients/app', { represents: ['app', 'auth-server-me'] })).status).toBe(400);
    });
    it('a client that an operator adds is not let in with the tokens it gets', async () => {
      const planted = { ...web, secret: undefined, consent: 'remember' };
      const made = (await (await put('/admin/clients/planted', planted)).json()) as { clientSecret: string };
      await until(async () => (await fetch(`${servers[1]!}/.well-known/openid-configuration`)).ok, SOON);
      const authorization = basic('planted', made.clientSecret);
      const login = { issuer: servers[0]!, clientId: 'planted', redirectUri: REDIRECT, username: 'carol' };
      const parameters = { resource: ME };
      const answer = await logIn({ ...login, scope: 'activity.read', parameters, authorization });
      expect(decodeJwt(tokenOf(answer)).aud).toBe('auth-server-me');
      expect((await call(tokenOf(answer), '/activity')).status).toBe(401);
    });
    it('nor is one of the file whose codes go elsewhere', async () => {
      const { me } = await shared('carol');
      expect(
        (await replace('/admin/clients/web', { redirectUris: [REDIRECT, 'https://elsewhere.example'] })).status,
      ).toBe(200);
      expect((await call(me, '/activity')).status).toBe(401);
      expect((await replace('/admin/clients/web', { redirectUris: [REDIRECT] })).status).toBe(200);
      expect((await call(me, '/activity')).status).toBe(200);
      await until(async () => (await call(me, '/activity', {}, servers[1])).status === 200, SOON);
    });
    it('an edge that was written into the database leads to a token that is not let in', async () => {
      const edge = { ...delegation, client: 'app', subjectAudience: 'app', target: 'auth-server-me', enabled: true };
      const document = JSON.stringify({ ...edge, scopes: { 'activity.read': {} } });
      await execute(
        url,
        `insert into registrations (kind, id, version, document, changed_at) values ('edge', 'sql', 1, '${document}', 1);
         update counters set value = value + 1 where name = 'registrations'`,
      );
      const { app } = await shared('carol');
      let exchanged = '';
      await until(async () => {
        const answer = await exchange(app, 'app', { audience: 'auth-server-me' });
        exchanged = tokenOf(answer);
        return answer.status === 200;
      }, SOON);
      await execute(
        url,
        `delete from registrations where id = 'sql';
        update counters set value = value + 1 where name = 'registrations'`,
      );
      expect(decodeJwt(exchanged).aud).toBe('auth-server-me');
      for (const at of servers) expect((await call(exchanged, '/activity', {}, at)).status).toBe(401);
    });
  });

  describe('what is not mine is not there', () => {
    const none = { error: 'not_found', error_description: 'there is no such line' };

    it("a line of somebody else's, a made-up one, a cut one, and one that is longer than any", async () => {
      const [erin, frank] = [await shared('erin'), await shared('frank')];
      const token = tokenOf(await exchange(frank.app));
      await exchange(erin.app);
      const foreign = (await lines(frank.me))[0]!.id;
      const own = (await lines(erin.me))[0]!.id;
      const forged = Buffer.from(JSON.stringify(['writer', 1])).toString('base64url');
      const cursor = (await call(erin.me, '/activity?limit=1')).body['cursor'];
      for (const id of [
        foreign,
        forged,
        own.slice(0, -2),
        `${own}AA`,
        'x'.repeat(5000),
        '%00',
        `${own}=`,
        String(cursor),
      ]) {
        const { status, body } = await stop(erin.me, id);
        expect([id, status, body]).toEqual([id, 404, none]);
      }
      for (const at of servers) expect(await isActive(token, at)).toBe(true);
    });

    it("nothing of anybody else's is told, whoever is asked about", async () => {
      const [erin, frank] = [await shared('erin'), await shared('frank')];
      await exchange(frank.app);
      expect(JSON.stringify(await lines(erin.me))).not.toContain('frank');
      for (const query of ['?subject=frank', '?sub=frank', '?limit=5&user=frank']) {
        expect((await call(erin.me, `/activity${query}`)).status).toBe(400);
      }
    });

    it('a token whose subject was refused to anybody is nobody else’s to stop', async () => {
      const erin = await shared('erin');
      await exchange(erin.app, 'app', { scope: 'undo' });
      const [refused] = await lines(erin.me);
      expect((await stop(erin.me, refused!.id)).body).toEqual({
        error: 'invalid_request',
        error_description: 'nothing was issued here',
      });
    });

    it.each(['forged', 'e30', 'WzEsInciLDFd', 'x'.repeat(2000)])('the cursor %.20s', async (cursor) => {
      const { me } = await shared('erin');
      const { status, body } = await call(me, `/activity?cursor=${cursor}`);
      expect([status, body['error']]).toEqual([400, 'invalid_request']);
    });

    it("a cursor of somebody else's, and the name of a line as one", async () => {
      const [erin, frank] = [await shared('erin'), await shared('frank')];
      for (const { app } of [erin, erin, frank, frank]) await exchange(app);
      const { cursor } = (await call(frank.me, '/activity?limit=1')).body;
      expect((await call(frank.me, `/activity?cursor=${String(cursor)}`)).status).toBe(200);
      expect((await call(erin.me, `/activity?cursor=${String(cursor)}`)).status).toBe(400);
      const own = (await lines(erin.me))[0]!.id;
      expect((await call(erin.me, `/activity?cursor=${own}`)).status).toBe(400);
    });

    it('whoever comes after under the same name sees nothing, ends nothing and has used nobody', async () => {
      const former = await signIn('ivan');
      await exchange(former.app);
      const { body } = await call(former.me, '/activity?limit=1');
      const [{ id }] = body['activity'] as [Line];
      await operator.fetch('/admin/users/ivan/disable', { method: 'POST' });
      await operator.fetch('/admin/users/ivan/enable', { method: 'POST' });
      const next = await signIn('ivan');
      for (const at of servers)
        await until(async () => (await call(next.me, '/activity', {}, at)).status === 200, SOON);
      expect(await lines(next.me)).toEqual([]);
      expect((await call(next.me, '/clients')).body).toEqual({ clients: [] });
      expect((await stop(next.me, id)).status).toBe(404);
      expect((await evaluate(next.me, { client_id: 'app', audience: 'api' })).status).toBe(404);
      expect((await call(former.me, '/activity')).status).toBe(401);
      await exchange(next.app);
      expect(await lines(next.me)).toHaveLength(1);
    });

    it.each(['never-used', 'nobody', 'operator', 'web', ''])(
      'evaluate for the client "%s", that I never used',
      async (client) => {
        const { me } = await shared('carol');
        const { status, body } = await evaluate(me, { client_id: client, audience: 'api' });
        if (client === '') expect(status).toBe(400);
        else
          expect([status, body]).toEqual([
            404,
            { error: 'not_found', error_description: 'you have used no such client' },
          ]);
      },
    );

    it.each<[string, Document]>([
      ['subject', { subject: 'frank' }],
      ['subject_token', { subject_token: 'x' }],
      ['actor_token', { actor_token: 'x', actor_token_type: TokenType.AccessToken }],
      ['dpop_jkt', { dpop_jkt: 'x' }],
    ])('evaluate by a %s of my choice', async (name, more) => {
      const { me } = await shared('carol');
      const { status, body } = await evaluate(me, { client_id: 'app', audience: 'api', ...more });
      expect([status, body['error_description']]).toEqual([400, expect.stringContaining(name)]);
    });

    it('evaluate by the token of another session of mine', async () => {
      const [first, second] = [await signIn('judy'), await signIn('judy')];
      await exchange(first.app);
      await exchange(tokenOf(await exchange(first.app)), 'api', { audience: 'app' });
      const { status, body } = await evaluate(second.me, { client_id: 'api', audience: 'app' });
      expect([status, body['error']]).toEqual([409, 'invalid_request']);
      expect((await evaluate(first.me, { client_id: 'api', audience: 'app' })).status).toBe(200);
    });
  });

  describe('what is malformed', () => {
    it.each<[string, RequestInit, number]>([
      ['a form', { body: new URLSearchParams({ client_id: 'app' }) }, 415],
      ['text', { body: '{"client_id":"app"}', headers: { 'content-type': 'text/plain' } }, 415],
      ['a file', { body: 'x', headers: { 'content-type': 'multipart/form-data; boundary=x' } }, 415],
      ['no type', { body: new Blob(['{"client_id":"app"}']) }, 415],
      ['no body', { headers: { 'content-type': 'application/json' } }, 400],
      ['no JSON', { body: '{', headers: { 'content-type': 'application/json' } }, 400],
      ['a list', { body: '[]', headers: { 'content-type': 'application/json' } }, 400],
      [
        'more than 8 KiB',
        {
          body: JSON.stringify({ client_id: 'app', scope: 'x'.repeat(9000) }),
          headers: { 'content-type': 'application/json' },
        },
        413,
      ],
      [
        'more than the server reads',
        { body: JSON.stringify({ scope: 'x'.repeat(200_000) }), headers: { 'content-type': 'application/json' } },
        413,
      ],
      [
        'a client that is no string',
        { body: '{"client_id":{"$ne":1}}', headers: { 'content-type': 'application/json' } },
        400,
      ],
      [
        'a prototype',
        { body: '{"__proto__":{"client_id":"app"}}', headers: { 'content-type': 'application/json' } },
        400,
      ],
    ])('evaluate refuses %s', async (_, init, status) => {
      const { me } = await shared('bob');
      const answer = await call(me, '/evaluate', { method: 'POST', ...init });
      expect(answer.status).toBe(status);
    });

    it.each(['limit=0', 'limit=101', 'limit=1e1', 'limit=1&limit=2', 'cursor=', 'nothing=1', 'cursor[a]=1'])(
      'activity refuses ?%s',
      async (query) => {
        const { me } = await shared('bob');
        expect((await call(me, `/activity?${query}`)).status).toBe(400);
      },
    );

    it('a token in the address or the body counts for nothing', async () => {
      const { me } = await shared('bob');
      expect((await fetch(`${servers[0]!}/me/activity?access_token=${me}`)).status).toBe(401);
    });

    it('pages of other origins read nothing', async () => {
      const { me } = await shared('bob');
      const { headers } = await call(me, '/activity', { headers: { origin: 'https://elsewhere.example' } });
      expect([headers.get('access-control-allow-origin'), headers.get('cache-control')]).toEqual([null, 'no-store']);
    });
  });

  it('the metadata names the place', async () => {
    for (const document of ['openid-configuration', 'oauth-authorization-server']) {
      const metadata: unknown = await (await fetch(`${servers[0]!}/.well-known/${document}`)).json();
      expect(metadata).toMatchObject({ onbehalf_me_endpoint: `${servers[0]!}/me` });
    }
  });

  it('whoever asks too often waits, and nobody else', async () => {
    const [frank, erin] = [await shared('frank'), await shared('erin')];
    const answers = await Promise.all(Array.from({ length: 130 }, () => call(frank.me, '/activity?limit=1')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await call(erin.me, '/activity')).status).toBe(200);
  });
});
