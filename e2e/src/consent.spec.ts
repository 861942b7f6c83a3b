import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parseServerConfig, SigningKeys } from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { basic, postForm } from '@onbehalf/testing-internal';
import { CALLBACK, ConsentVisitor as Visitor } from './consent-visitor.js';
import { NOT_FAKED } from './fake-time-of-day.js';
import { InProcessServer } from './in-process-server.js';
import { hashOf } from './password-hash.js';
import { closeStores, sharedStores } from './shared-stores.js';
import { storeSettings } from './store-settings.js';

const PASSWORD = randomBytes(9).toString('base64url');
const SECRET = randomBytes(9).toString('base64url');
const passwordHash = hashOf(PASSWORD);

const client = (clientId: string, more: object = {}) => ({
  clientId,
  secret: SECRET,
  grantTypes: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:token-exchange'],
  redirectUris: [CALLBACK],
  scopes: ['openid', 'profile', 'email', 'offline_access', 'notes.read', 'notes.write'],
  defaultResource: 'notes',
  represents: ['notes'],
  ...more,
});
const native = { secret: undefined, authentication: 'none', redirectUris: ['http://127.0.0.1:8400/callback'] };
const CONFIG = {
  resources: [
    { audience: 'notes', scopes: ['notes.read', 'notes.write'] },
    { audience: 'archive', scopes: ['read'] },
  ],
  clients: [
    client('silent'),
    client('own', { consent: 'skip' }),
    client('partner', { consent: 'remember' }),
    client('careful', { consent: 'always' }),
    client('native', native),
    client('native-remember', { ...native, consent: 'remember' }),
  ],
  users: ['ada', 'eve'].map((username) => ({ username, passwordHash })),
  edges: [
    {
      client: 'partner',
      subjectAudience: 'notes',
      target: 'archive',
      mode: 'delegation',
      scopes: { read: { requires: ['notes.read'] } },
    },
  ],
  lifetimes: { session: 3600, refreshToken: 30 * 86_400 },
};

afterAll(closeStores);

describe.each(sharedStores)('consent on $name', ({ open }) => {
  let stores: AuthorizationStore[];
  let servers: InProcessServer[];
  let visitor: Visitor;
  const server = (index = 0): string => servers[index]!.issuer;

  beforeAll(async () => {
    jest.useFakeTimers({ now: Date.now(), doNotFake: [...NOT_FAKED] });
    const url = await open();
    const { ENCRYPTION_KEYS } = storeSettings(url);
    const keys = await SigningKeys.generate();
    const clock = () => Math.floor(Date.now() / 1000);
    const options = { url, encryptionKeys: [ENCRYPTION_KEYS], sweepInterval: 0, clock };
    stores = [];
    servers = [];
    for (const index of [0, 1]) {
      const share = async (issuer: string) => ({
        store: (stores[index] = await openStore({ ...options, issuer })),
        keys,
      });
      servers.push(await InProcessServer.start(CONFIG, share));
    }
  }, 60_000);

  afterAll(async () => {
    for (const each of servers) await each.stop();
    for (const store of stores) await store.close();
    jest.useRealTimers();
  });

  beforeEach(async () => {
    for (const user of ['ada', 'eve'])
      for (const { clientId } of CONFIG.clients) await stores[0]!.consents.withdraw(user, clientId, { type: 'test' });
    visitor = new Visitor(server(), PASSWORD, SECRET);
  });

  const NARROW = 'openid notes.read';
  const WIDE = 'openid notes.read notes.write';
  const OFFLINE = 'openid offline_access notes.read';

  /** What the user is asked, one request after the other; each consent is given. */
  async function asked(clientId: string, scopes: readonly string[], more: Record<string, string> = {}) {
    const seen: string[][] = [];
    for (const scope of scopes) seen.push((await visitor.visit(clientId, scope, more)).pages);
    return seen;
  }

  it.each<[string, string, readonly string[], string[][]]>([
    ['of a client in the file that says nothing the user is not', 'silent', [NARROW, WIDE], [['login'], []]],
    ['but for offline_access, once', 'silent', [OFFLINE, OFFLINE], [['login', 'consent'], []]],
    ['of a client of its own the user is not, for offline_access either', 'own', [OFFLINE, WIDE], [['login'], []]],
    ['once', 'partner', [NARROW, NARROW], [['login', 'consent'], []]],
    ['again when it is wider', 'partner', [NARROW, WIDE, NARROW, WIDE], [['login', 'consent'], ['consent'], [], []]],
    ['each time', 'careful', [NARROW, NARROW], [['login', 'consent'], ['consent']]],
    ['by a native client unless the user has just signed in', 'native', [NARROW, NARROW], [['login'], ['consent']]],
    ['each time for offline_access of one', 'native', [OFFLINE, OFFLINE], [['login', 'consent'], ['consent']]],
    [
      'each time by one that wants to be remembered',
      'native-remember',
      [NARROW, NARROW],
      [['login', 'consent'], ['consent']],
    ],
  ])('is asked for %s (%s)', async (_, clientId, scopes, expected) => {
    expect(await asked(clientId, scopes)).toEqual(expected);
  });

  it('prompt=consent asks whatever was said before, and prompt=none answers consent_required', async () => {
    await visitor.visit('partner', NARROW);
    expect(await asked('partner', [NARROW], { prompt: 'consent' })).toEqual([['consent']]);
    expect((await visitor.visit('partner', WIDE, { prompt: 'none' })).answer.get('error')).toBe('consent_required');
    expect((await visitor.visit('partner', NARROW, { prompt: 'none' })).answer.has('code')).toBe(true);
    expect((await visitor.visit('native', NARROW, { prompt: 'none' })).answer.get('error')).toBe('consent_required');
  });

  it('is remembered for the user, wherever and whenever the next session is', async () => {
    await visitor.visit('partner', NARROW);
    visitor = new Visitor(server(1), PASSWORD, SECRET);
    expect(await asked('partner', [NARROW])).toEqual([['login']]);
    visitor = new Visitor(server(1), PASSWORD, SECRET, 'eve');
    expect(await asked('partner', [NARROW])).toEqual([['login', 'consent']]);
  });

  it('that is denied is access_denied, on record, and asked for again', async () => {
    const { answer } = await visitor.visit('partner', NARROW, {}, 'deny');
    expect([answer.get('error'), answer.has('code')]).toEqual(['access_denied', false]);
    expect(await asked('partner', [NARROW])).toEqual([['consent']]);
    const denied = { type: 'consent', outcome: 'rejected', subject: 'ada', client: 'partner' };
    const { records } = await stores[0]!.audit.query(denied);
    expect(records.map(({ event }) => event['decidedBy'])).toEqual(['user']);
  });

  it('offline_access is asked for, and given, by a pushed request', async () => {
    const { pages, answer } = await visitor.push('silent', OFFLINE);
    expect(pages).toEqual(['login', 'consent']);
    expect((await visitor.redeem('silent', answer)).body['scope']).toBe(OFFLINE);
  });

  it('offline_access with prompt=none is given where it is remembered not, and ignored', async () => {
    await visitor.visit('partner', NARROW);
    const { answer } = await visitor.visit('partner', `${NARROW} offline_access`, { prompt: 'none' });
    // OpenID Connect Core §11: it "MUST ignore the offline_access request"
    expect((await visitor.redeem('partner', answer)).body['scope']).toBe(NARROW);
  });

  it('an offline token outlives the session, by its own lifetime', async () => {
    const online = await visitor.tokens('partner', NARROW);
    const offline = await visitor.tokens('partner', OFFLINE);
    jest.setSystemTime(Date.now() + 2 * 3600 * 1000);
    expect((await visitor.refresh('partner', online['refresh_token'])).body['error']).toBe('invalid_grant');
    const refreshed = await visitor.refresh('partner', offline['refresh_token']);
    expect([refreshed.status, refreshed.body['scope']]).toEqual([200, OFFLINE]);
    jest.setSystemTime(Date.now() + 31 * 86_400 * 1000);
    expect((await visitor.refresh('partner', refreshed.body['refresh_token'])).body['error']).toBe('invalid_grant');
  });

  describe('that is withdrawn on the page', () => {
    it('ends access, refresh and exchanged tokens at once, on every replica, and is on record', async () => {
      const tokens = await visitor.tokens('partner', `${OFFLINE} notes.write`);
      const others = await visitor.tokens('own', NARROW);
      const exchanged = await visitor.exchange('partner', tokens['access_token'], 'archive');
      expect(exchanged.status).toBe(200);
      const page = await visitor.consents();
      expect(page.clients).toEqual(['own', 'partner']);
      // asked of another replica, with the session that both know
      expect((await visitor.at(server(1)).withdraw('partner')).status).toBe(303);
      expect((await visitor.consents()).clients).toEqual(['own']);
      const active = async (token: unknown, clientId = 'partner') =>
        (await visitor.introspect(clientId, token)).body['active'];
      expect(await active(tokens['access_token'])).toBe(false);
      expect(await active(exchanged.body['access_token'])).toBe(false);
      expect(await active(others['access_token'], 'own')).toBe(true);
      expect((await visitor.refresh('partner', tokens['refresh_token'])).body['error']).toBe('invalid_grant');
      const { tokens: feed } = await stores[0]!.tokens.revokedSince();
      expect(feed.length).toBeGreaterThanOrEqual(2);
      const { records } = await stores[0]!.audit.query({
        type: 'consent_withdrawn',
        subject: 'ada',
        client: 'partner',
      });
      expect(records).toHaveLength(1);
      expect(await asked('partner', [NARROW])).toEqual([['consent']]);
    });

    it('also ends a code that is not redeemed yet', async () => {
      const { answer } = await visitor.visit('partner', NARROW);
      await visitor.withdraw('partner');
      expect((await visitor.redeem('partner', answer)).body['error']).toBe('invalid_grant');
    });

    it.each<[string, Record<string, string | undefined>, Record<string, string>, number]>([
      ['no token of the form', { form_token: undefined }, {}, 403],
      ['a made-up token of the form', { form_token: 'AAAA' }, {}, 403],
      ['another site', {}, { 'sec-fetch-site': 'cross-site' }, 403],
      ['another application of the site', {}, { 'sec-fetch-site': 'same-site' }, 403],
      ['no client', { client_id: undefined }, {}, 400],
    ])('is refused from %s, and nothing ends', async (_, fields, headers, status) => {
      await visitor.visit('partner', NARROW);
      expect((await visitor.withdraw('partner', fields, headers)).status).toBe(status);
      expect((await visitor.consents()).clients).toEqual(['partner']);
    });

    it('takes nothing with the token of the form of another session', async () => {
      await visitor.visit('partner', NARROW);
      const eve = new Visitor(server(), PASSWORD, SECRET, 'eve');
      await eve.visit('partner', NARROW);
      const { formToken } = await eve.consents();
      expect((await visitor.withdraw('partner', { form_token: formToken })).status).toBe(403);
    });

    it('is shown to whoever is signed in alone', async () => {
      expect((await visitor.consents()).status).toBe(401);
    });
  });

  it('ends with the life of the user: what comes after is asked again', async () => {
    await visitor.visit('partner', NARROW);
    const [parties] = [await stores[0]!.registrations.snapshot()];
    const life = parties.lives.find(({ id }) => id === 'ada')!;
    expect(await stores[0]!.consents.of('ada', life.life)).not.toEqual([]);
    expect(await stores[0]!.consents.of('ada', life.life + 1)).toEqual([]);
  });

  it('is nothing that a client can ask itself', async () => {
    const authorization = basic('partner', SECRET);
    const { status } = await postForm(`${server()}/account/consents`, { client_id: 'own' }, { authorization });
    expect(status).toBe(401);
  });
});

it('the choice to skip consent is refused for a public client on loopback', () => {
  const config = { ...CONFIG, clients: [client('native', { ...native, consent: 'skip' })], edges: [] };
  expect(() => parseServerConfig(config, {})).toThrow(
    'clients[0].consent is "skip"; accepted: always or remember for a public client on loopback',
  );
});
