import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt } from 'jose';
import { System } from '../../tools/system.ts';
import { logIn, obtainCode } from './authorization-code.js';
import { basic, postForm, type Answer, type Fields } from './form-post.js';
import { Operator } from './operator.js';
import { closeStores, sharedStores, storeSettings } from './shared-stores.js';
import { until } from './until.js';
import { hashOf } from './user-file.js';
import { UserAgent } from './user-agent.js';

const REDIRECT = 'http://localhost:8080/callback';
/** Within which every replica knows. Milliseconds. */
const SOON = 5_000;

type Document = Record<string, unknown>;

const ONE = hashOf('password');
const OTHER = hashOf('another password');

const user = (more: Document = {}): Document => ({ passwordHash: ONE, name: 'The first', ...more });
const web = (more: Document = {}): Document => ({
  grantTypes: [GrantType.AuthorizationCode, GrantType.RefreshToken, GrantType.TokenExchange],
  redirectUris: [REDIRECT],
  scopes: ['openid', 'profile', 'read'],
  defaultResource: 'app',
  ...more,
});

/** The file, with these users and clients beside those that all tests need. */
function file(users: Record<string, Document>, clients: Record<string, Document> = {}, more: Document = {}): Document {
  const edge = { mode: 'delegation', target: 'api', scopes: { do: {} } };
  const webs = Object.entries({ web: web(), ...clients });
  const service = { grantTypes: [GrantType.TokenExchange], secret: 'a secret for the tests' };
  return {
    resources: [
      { audience: 'app', scopes: ['read'] },
      { audience: 'api', scopes: ['do'] },
      { audience: 'auth-server', scopes: ['registrations.read', 'registrations.write'] },
    ],
    clients: [
      { clientId: 'app', represents: ['app'], ...service },
      { clientId: 'api', represents: ['api'], ...service },
      {
        clientId: 'operator',
        secret: 'operator-secret',
        grantTypes: [GrantType.ClientCredentials],
        scopes: ['registrations.read', 'registrations.write'],
        defaultResource: 'auth-server',
      },
      ...webs.map(([clientId, client]) => ({ clientId, secret: `${clientId} has a secret`, ...client })),
    ],
    // who is asked again and again until a replica knows counts as one that guesses
    rateLimits: { token: { failuresPerClient: 10_000, failuresPerAddress: 10_000 } },
    users: Object.entries(users).map(([username, document]) => ({ username, ...document })),
    edges: [
      { ...edge, client: 'app', subjectAudience: 'app' },
      { ...edge, client: 'web', subjectAudience: 'web', subjectTypes: [TokenType.IdToken] },
    ],
    ...more,
  };
}

/** What somebody has by signing in with a client. */
interface Held {
  readonly clientId: string;
  readonly secret: string;
  readonly agent: UserAgent;
  readonly code: Fields;
  readonly tokens: Document;
  readonly exchanged: string;
}

afterAll(closeStores);

describe.each(sharedStores)('nobody inherits, on $name with two replicas', ({ open }) => {
  let path: string;
  let system: System;
  let replica: System;
  let settings: Record<string, string>;
  let servers: readonly string[];
  let operator: Operator;

  const write = (document: Document): void => writeFileSync(path, JSON.stringify(document));
  const restart = async (document: Document, which = system): Promise<void> => {
    await which.app('auth-server').stop();
    write(document);
    await which.up('auth-server');
  };
  const bearer = (client: string, secret: string) => ({ authorization: basic(client, secret) });
  const APP = bearer('app', 'a secret for the tests');
  const API = bearer('api', 'a secret for the tests');

  beforeAll(async () => {
    path = join(mkdtempSync(join(tmpdir(), 'lives-')), 'auth-server.json');
    settings = { ...storeSettings(await open()), AUTH_SERVER_CONFIG: path };
    write(file(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`user${i}`, user()]))));
    system = await (await System.onFreePorts(settings)).up('auth-server');
    settings['ISSUER'] = system.url('auth-server');
    replica = await (await System.onFreePorts(settings)).up('auth-server');
    servers = [system, replica].map((each) => each.url('auth-server'));
    operator = await Operator.with('registrations.read registrations.write', system.url('auth-server'));
  }, 60_000);

  afterAll(async () => {
    await replica.down();
    await system.down();
  });

  const token = (fields: Fields, headers: Record<string, string>, at: string): Promise<Answer> =>
    postForm(`${at}/oauth2/token`, fields, headers);
  const exchange = (subject: unknown, type: string, headers: Record<string, string>, at: string): Promise<Answer> =>
    token(
      {
        grant_type: GrantType.TokenExchange,
        subject_token: String(subject),
        subject_token_type: type,
        audience: 'api',
        scope: 'do',
      },
      headers,
      at,
    );
  const isActive = async (subject: unknown, headers: Record<string, string>, at: string): Promise<boolean> =>
    (await postForm(`${at}/oauth2/introspect`, { token: String(subject) }, headers)).body['active'] === true;
  const refresh = ({ clientId, secret, tokens }: Held, at: string): Promise<Answer> =>
    token(
      { grant_type: GrantType.RefreshToken, refresh_token: String(tokens['refresh_token']) },
      bearer(clientId, secret),
      at,
    );

  async function hold(
    username: string,
    { password = 'password', ...by }: { clientId?: string; secret?: string; password?: string } = {},
  ): Promise<Held> {
    const { clientId = 'web', secret = `${clientId} has a secret` } = by;
    const agent = new UserAgent();
    const issuer = servers[0]!;
    const login = { issuer, clientId, redirectUri: REDIRECT, scope: 'openid profile read', username, password };
    const code = await obtainCode(login, agent);
    const { body: tokens } = await logIn({ ...login, ...bearer(clientId, secret) });
    const { body } = await exchange(tokens['access_token'], TokenType.AccessToken, APP, issuer);
    return { clientId, secret, agent, code, tokens, exchanged: String(body['access_token']) };
  }

  /** Whether the browser gets a code without signing in. */
  async function isSignedIn({ agent, clientId }: Held, at: string): Promise<boolean> {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: REDIRECT,
      scope: 'read',
      prompt: 'none',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const back = await agent.follow(await agent.get(`${at}/oauth2/authorize?${query.toString()}`), REDIRECT);
    return new URL(back.headers.get('location') ?? 'about:blank').searchParams.has('code');
  }

  async function expectGoesOn(held: Held): Promise<void> {
    for (const at of servers) {
      expect(await isActive(held.tokens['access_token'], APP, at)).toBe(true);
      expect(await isActive(held.exchanged, API, at)).toBe(true);
      // another replica knows of a life that has just begun within five seconds
      await until(() => isSignedIn(held, at), SOON);
    }
    expect((await token(held.code, bearer(held.clientId, held.secret), servers[1]!)).status).toBe(200);
    expect((await refresh(held, servers[1]!)).status).toBe(200);
  }

  /** @param ofUser whether the user's life has ended, and with it the session; a client's ends what the client holds */
  async function expectEnded(held: Held, ofUser = true, secret = held.secret): Promise<void> {
    const as = bearer(held.clientId, secret);
    for (const at of servers) {
      // the one that has ended it refuses at once, the other one within five seconds
      if (ofUser) await until(async () => !(await isSignedIn(held, at)), at === servers[0] ? 1 : SOON);
      const failed = ['invalid_grant', 'invalid_client'];
      await until(async () => failed.includes(String((await token(held.code, as, at)).body['error'])), SOON);
      expect(failed).toContain((await refresh({ ...held, secret }, at)).body['error']);
      expect(await isActive(held.tokens['access_token'], APP, at)).toBe(false);
      expect(await isActive(held.exchanged, API, at)).toBe(false);
      const exchanged = await exchange(held.tokens['access_token'], TokenType.AccessToken, APP, at);
      expect(exchanged.body['error']).toBe('invalid_request');
      const { body } = await exchange(held.tokens['id_token'], TokenType.IdToken, as, at);
      expect(['invalid_request', 'invalid_client', 'unauthorized_client']).toContain(body['error']);
      const feed = await (await fetch(`${at}/oauth2/revocations`, { headers: APP })).text();
      for (const each of [held.tokens['access_token'], held.tokens['id_token'], held.exchanged]) {
        expect(feed).toContain(decodeJwt(String(each)).jti);
      }
    }
  }

  describe('by the admin API', () => {
    let number = 0;
    let name: string;
    beforeEach(() => void (name = `user${number++}`));

    const send = async (method: string, address: string, body?: Document): Promise<Document> => {
      const current = await operator.fetch(address);
      const version = current.headers.get('etag') ?? '';
      const precondition: Record<string, string> = current.ok ? { 'if-match': version } : { 'if-none-match': '*' };
      const headers = { 'content-type': 'application/json', ...precondition };
      const response = await operator.fetch(address, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      expect([200, 201, 204]).toContain(response.status);
      return response.status === 204 ? {} : ((await response.json()) as Document);
    };
    const put = (more: Document = {}) => send('PUT', `/admin/users/${name}`, user(more));
    const remove = () => send('DELETE', `/admin/users/${name}`);
    const disable = () => send('POST', `/admin/users/${name}/disable`);
    const enable = () => send('POST', `/admin/users/${name}/enable`);

    it.each<[string, readonly (() => Promise<unknown>)[], string | undefined]>([
      ['disabled', [disable], undefined],
      ['disabled and enabled', [disable, enable], 'password'],
      ['disabled, and the file in force again', [disable, remove], 'password'],
      ['disabled, enabled, and the file in force again', [disable, enable, remove], 'password'],
      ['replaced by a disabled one', [() => put({ enabled: false })], undefined],
      ['replaced by a disabled one and an enabled one', [() => put({ enabled: false }), () => put()], 'password'],
      ['given a new password', [() => put({ passwordHash: OTHER })], 'another password'],
      ['given a new password, and the one of the file again', [() => put({ passwordHash: OTHER }), remove], 'password'],
    ])('a user that is %s', async (_, steps, password) => {
      const held = await hold(name);
      for (const step of steps) await step();
      await expectEnded(held);
      if (password === undefined) return;
      const next = await hold(name, { password });
      await expectGoesOn(next);
      await expectEnded(held);
    });

    it('a user that is deleted, and another person of the same name', async () => {
      name = `carol-${number}`;
      await put();
      const held = await hold(name);
      await remove();
      await expectEnded(held);
      await put({ name: 'The second', passwordHash: OTHER });
      await expectEnded(held);
      const next = await hold(name, { password: 'another password' });
      expect(decodeJwt(String(next.tokens['id_token']))).toMatchObject({ sub: name, name: 'The second' });
      await until(async () => isSignedIn(next, servers[1]!), SOON);
      await expectGoesOn(next);
    });

    it('a sign-in that is under way when the person changes', async () => {
      name = `dave-${number}`;
      await put();
      const agent = new UserAgent();
      const issuer = servers[0]!;
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: 'web',
        redirect_uri: REDIRECT,
        scope: 'read',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      });
      const page = await agent.follow(await agent.get(`${issuer}/oauth2/authorize?${query.toString()}`));
      const sent = await agent.submit(page.url, { username: name, password: 'password' });
      await remove();
      await put({ passwordHash: OTHER });
      const back = await agent.follow(sent, REDIRECT);
      expect(back.headers.get('location')).toBeNull();
    });

    it.each<[string, () => Promise<unknown>, string]>([
      ['another name', () => put({ name: 'Another name' }), 'password'],
      [
        'a new password that keeps sessions',
        () => put({ passwordHash: OTHER, keepsSessions: true }),
        'another password',
      ],
    ])('a user that is given %s goes on', async (_, step, password) => {
      const held = await hold(name);
      await step();
      await expectGoesOn(held);
      await hold(name, { password });
    });

    const atClient = (clientId: string, operation = '') => `/admin/clients/${clientId}${operation}`;

    it('a client that is disabled and enabled, and one whose file is in force again', async () => {
      for (const last of [() => send('POST', atClient('web', '/enable')), () => send('DELETE', atClient('web'))]) {
        const held = await hold(name);
        await send('POST', atClient('web', '/disable'));
        await expectEnded(held, false);
        await last();
        await until(async () => (await refresh(held, servers[1]!)).body['error'] === 'invalid_grant', SOON);
        await expectEnded(held, false);
        await expectGoesOn(await hold(name));
      }
    });

    it('a client that is deleted, and another one of the same name', async () => {
      const clientId = `shop-${number}`;
      const first = await send('PUT', atClient(clientId), web());
      const held = await hold(name, { clientId, secret: String(first['clientSecret']) });
      await send('DELETE', atClient(clientId));
      const second = await send('PUT', atClient(clientId), web());
      await expectEnded(held, false, String(second['clientSecret']));
      await expectGoesOn(await hold(name, { clientId, secret: String(second['clientSecret']) }));
    });

    it('a client with a new secret goes on', async () => {
      const clientId = `desk-${number}`;
      const { clientSecret } = await send('PUT', atClient(clientId), web());
      const held = await hold(name, { clientId, secret: String(clientSecret) });
      await send('POST', atClient(clientId, '/secret'), { overlap: 600 });
      await expectGoesOn(held);
    });
  });

  describe('by the file and restarts', () => {
    let generation = 0;
    const withUser = (more: Document = {}) =>
      file({ carol: user(more) }, { shop: web() }, { generation: ++generation });
    const withoutUser = () => file({}, { shop: web() }, { generation: ++generation });
    const withClient = (more: Document = {}) =>
      file({ carol: user() }, { shop: web(more) }, { generation: ++generation });
    const withoutClient = () => file({ carol: user() }, {}, { generation: ++generation });

    it.each<[string, readonly (() => Document)[], string | undefined]>([
      ['removed', [withoutUser], undefined],
      ['removed and added', [withoutUser, withUser], 'password'],
      ['disabled', [() => withUser({ enabled: false })], undefined],
      ['disabled and enabled', [() => withUser({ enabled: false }), withUser], 'password'],
      ['given a new password', [() => withUser({ passwordHash: OTHER })], 'another password'],
      [
        'given a new password, and the first one again',
        [() => withUser({ passwordHash: OTHER }), withUser],
        'password',
      ],
    ])(
      'a user that is %s',
      async (_, steps, password) => {
        await restart(withUser());
        const held = await hold('carol');
        for (const step of steps) await restart(step());
        await expectEnded(held);
        if (password !== undefined) await hold('carol', { password });
      },
      60_000,
    );

    it.each<[string, readonly (() => Document)[]]>([
      ['removed and added', [withoutClient, withClient]],
      ['disabled and enabled', [() => withClient({ enabled: false }), withClient]],
    ])(
      'a client that is %s',
      async (_, steps) => {
        await restart(withClient());
        const held = await hold('carol', { clientId: 'shop' });
        for (const step of steps) await restart(step());
        await expectEnded(held, false);
        await hold('carol', { clientId: 'shop' });
      },
      60_000,
    );

    it('nothing ends by a restart, nor by a new password that keeps sessions', async () => {
      await restart(withUser());
      await restart(withUser(), replica);
      const held = await hold('carol');
      await restart(withUser({ name: 'Another name' }));
      await restart(withUser({ passwordHash: OTHER, keepsSessions: true }));
      await expectGoesOn(held);
    }, 60_000);

    it('nothing ends by a replica whose file is older, or empty, and it says so', async () => {
      await restart(withUser());
      const held = await hold('carol');
      const newest = generation;
      for (const [old, line] of [
        [{ ...withoutUser(), generation: newest - 1 }, `"generation":${newest - 1},"newest":${newest},"empty":false`],
        [{ ...withoutUser(), generation: undefined }, `"generation":0,"newest":${newest},"empty":false`],
        [{}, `"generation":0,"newest":${newest},"empty":true`],
      ] as const) {
        await restart(old, replica);
        const said = replica.app('auth-server').lines.filter((each) => each.includes('registrations.old_file'));
        expect(said).toEqual([expect.stringContaining(line)]);
        expect(await isActive(held.tokens['access_token'], APP, servers[0]!)).toBe(true);
        expect(await isSignedIn(held, servers[0]!)).toBe(true);
      }
      generation = newest;
      await restart(withUser(), replica);
      await expectGoesOn(held);
    }, 60_000);
  });
});
