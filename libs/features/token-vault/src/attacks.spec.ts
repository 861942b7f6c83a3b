import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GrantType, IMPERSONATION_CLAIM, TokenType } from '@onbehalf/oauth-protocol';
import { basic, execute, postForm, rowsOf, testDatabases, UserAgent, type Answer } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { TestProvider } from './test-provider.fixture.js';
import { CONNECTED_ACCOUNT, REDIRECT_URI, SECRET, VaultWorld, type SignedIn } from './vault-world.fixture.js';

// each server of its own takes seconds on a machine that has much else to do
jest.setTimeout(60_000);

const databases = await testDatabases();
const ACCOUNTS = 'feature_token_vault_accounts';
const LINKS = 'feature_token_vault_links';

/** What is begun with, and the answer. */
const begun: [string, Record<string, unknown>, number, string][] = [
  ['an unknown provider', { provider: 'nowhere' }, 400, 'invalid_target'],
  ['a service of this domain as the provider', { provider: 'service' }, 400, 'invalid_target'],
  ['the prototype as the provider', { provider: '__proto__' }, 400, 'invalid_target'],
  ['a scope that may not be linked', { scope: 'calendar.read calendar.delete' }, 400, 'invalid_scope'],
  ['a scope of another provider', { scope: 'mail.read' }, 400, 'invalid_scope'],
  ['no scope', { scope: '' }, 400, 'invalid_request'],
  ['a scope with a line break', { scope: 'calendar.read\ncalendar.write' }, 400, 'invalid_request'],
  ['an open redirect', { redirect_uri: 'https://evil.example/' }, 400, 'invalid_request'],
  ['a redirect below the registered one', { redirect_uri: `${REDIRECT_URI}/../evil` }, 400, 'invalid_request'],
  ['a redirect with a query', { redirect_uri: `${REDIRECT_URI}?to=evil` }, 400, 'invalid_request'],
  ['a redirect with another case', { redirect_uri: REDIRECT_URI.toUpperCase() }, 400, 'invalid_request'],
  ['a script as the redirect', { redirect_uri: 'javascript:alert(1)' }, 400, 'invalid_request'],
  ['no challenge', { code_challenge: undefined }, 400, 'invalid_request'],
  ['a plain challenge', { code_challenge_method: 'plain' }, 400, 'invalid_request'],
  ['a short challenge', { code_challenge: 'abc' }, 400, 'invalid_request'],
  ['a parameter that nobody knows', { subject: 'mallory' }, 400, 'invalid_request'],
  ['an object for a text', { state: { $ne: '' } }, 400, 'invalid_request'],
  ['9 KiB', { state: 'x'.repeat(9000) }, 413, 'invalid_request'],
];

/** What is exchanged, by which client, and what the answer and the record say. */
const exchanged: [string, Record<string, string | string[]>, string, string, string][] = [
  ['by a client without an edge', {}, 'no-edge', 'invalid_target', 'target'],
  ['by an agent beyond its edge', { scope: 'calendar.write' }, 'agent', 'invalid_scope', 'requested-scope'],
  ['for a provider beyond the edge', { audience: 'mail', scope: 'mail.read' }, 'agent', 'invalid_target', 'target'],
  ['for a scope that nobody registered', { scope: 'calendar.delete' }, 'service', 'invalid_scope', 'requested-scope'],
  ['for the scope of the login', { scope: 'openid' }, 'service', 'invalid_scope', 'requested-scope'],
  [
    'as an access token of ours',
    { requested_token_type: TokenType.AccessToken },
    'service',
    'invalid_target',
    'target',
  ],
  ['as a JWT of ours', { requested_token_type: TokenType.Jwt }, 'service', 'invalid_target', 'target'],
  ['of a service of ours', { audience: 'service' }, 'service', 'invalid_target', 'target'],
  ['of two providers at once', { audience: ['calendar', 'mail'] }, 'service', 'invalid_target', 'target'],
  ['of operators', { audience: 'auth-server' }, 'service', 'invalid_target', 'target'],
  ['of a provider that nobody linked', { audience: 'mail' }, 'service', 'interaction_required', 'linked-account'],
];

describe.each(databases)('attacks on linked accounts on $name', (database) => {
  let calendar: TestProvider;
  let mail: TestProvider;
  let world: VaultWorld;
  let alice: SignedIn;
  let mallory: SignedIn;

  beforeAll(async () => {
    [calendar, mail] = await Promise.all([TestProvider.start({ rotates: true, narrows: true }), TestProvider.start()]);
    world = await VaultWorld.open(database, calendar, mail);
    alice = await world.signIn();
    mallory = await world.signIn('mallory');
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([calendar.close(), mail.close()]);
    await database.stop();
  });
  afterEach(() => {
    calendar.account = 'mail@alice.example';
    calendar.grants = undefined;
    calendar.interruption = undefined;
    calendar.claimedIssuer = undefined;
    calendar.claimedNonce = undefined;
  });
  const sql = (statement: string) => execute(world.database, statement);
  /** Nobody has any account linked. */
  const clear = () => sql(`delete from ${ACCOUNTS}`);
  const isUnlinked = async (person: SignedIn): Promise<void> => {
    expect((await world.me('GET', '', person.me)).body).toEqual({ linked_accounts: [] });
  };
  /** Opens a link and takes the way to the provider. @returns where the provider sends the browser back to */
  const consented = async (agent: UserAgent, connectUri: string): Promise<string> => {
    const callback = `${world.issuer}/linked-accounts/callback/`;
    const last = await agent.follow(await agent.get(connectUri), callback);
    return last.headers.get('location')!;
  };

  describe('a link is not begun', () => {
    it.each(begun)('with %s', async (_name, change, status, error) => {
      const { answer } = await world.begin(alice, change);
      expect([answer.status, answer.body['error']]).toEqual([status, error]);
    });

    it('by a form of another site, which can send no JSON', async () => {
      const headers = { authorization: `Bearer ${alice.me}` };
      const answer = await postForm(`${world.issuer}/me/linked-accounts`, { provider: 'calendar' }, headers);
      expect(answer.status).toBe(415);
    });

    it('by whoever has a token for something else, or has exchanged one', async () => {
      expect((await world.begin({ me: alice.token })).answer.status).toBe(401);
      const acting = await world.keys.sign(
        { ...decodeJwt(alice.me), jti: randomUUID(), act: { sub: 'service' } },
        { typ: 'at+jwt' },
      );
      expect((await world.begin({ me: acting })).answer.status).toBe(401);
    });

    it('by who may only read', async () => {
      const { jti, ...claims } = decodeJwt(alice.me);
      const reading = await world.keys.sign({ ...claims, jti, scope: 'linked_accounts.read' }, { typ: 'at+jwt' });
      expect((await world.begin({ me: reading })).answer.status).toBe(403);
      expect((await world.me('DELETE', '/x', reading)).status).toBe(403);
      expect((await world.me('GET', '', reading)).status).toBe(200);
    });

    it('by an administrator who uses the account', async () => {
      const mark = { [IMPERSONATION_CLAIM]: { id: 'i', sub: 'support' } };
      const marked = await world.keys.sign({ ...decodeJwt(alice.me), ...mark }, { typ: 'at+jwt' });
      expect((await world.begin({ me: marked })).answer.status).toBeGreaterThanOrEqual(401);
    });
  });

  describe('a link', () => {
    beforeEach(clear);

    it('that was stolen opens for nobody else, and for its owner still', async () => {
      const { connectUri } = await world.begin(alice);
      const stolen = await mallory.agent.get(connectUri);
      expect([stolen.status, await stolen.text()]).toEqual([
        403,
        expect.stringContaining('not begun by you') as unknown,
      ]);
      expect((await alice.agent.get(connectUri)).status).toBe(200);
    });

    it('that a victim is lured to links nothing to the victim', async () => {
      // mallory wants alice to link an account for mallory
      const { connectUri } = await world.begin(mallory);
      expect((await alice.agent.get(connectUri)).status).toBe(403);
      await isUnlinked(mallory);
    });

    it('opens for nobody who is not signed in', async () => {
      const { connectUri } = await world.begin(alice);
      expect((await new UserAgent().get(connectUri)).status).toBe(401);
    });

    it('opens once', async () => {
      const { connectUri } = await world.begin(alice);
      expect((await alice.agent.get(connectUri)).status).toBe(200);
      expect((await alice.agent.get(connectUri)).status).toBe(400);
    });

    it('opens for one of two who open it together', async () => {
      const { connectUri } = await world.begin(alice);
      const both = await Promise.all([alice.agent.get(connectUri), alice.agent.get(connectUri)]);
      expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
    });

    it('that is late does not open', async () => {
      const { connectUri } = await world.begin(alice);
      await sql(`update ${LINKS} set expires_at = 1`);
      expect((await alice.agent.get(connectUri)).status).toBe(400);
    });

    it.each(['guessed', '%2e%2e%2f', '%00', `${'a'.repeat(5000)}`])(
      'that was made up does not open: %.20s',
      async (link) => {
        const { status } = await alice.agent.get(`${world.issuer}/linked-accounts/connect/${link}`);
        expect([400, 404]).toContain(status);
      },
    );

    it('is no secret in the database', async () => {
      const { connectUri } = await world.begin(alice);
      const rows = JSON.stringify(await rowsOf(world.database, `select * from ${LINKS}`));
      expect(rows).not.toContain(connectUri.split('/').at(-1));
      expect(rows).not.toContain(REDIRECT_URI);
    });
  });

  describe('the answer of a provider', () => {
    beforeEach(clear);
    const refused = async (agent: UserAgent, url: string, status: number): Promise<void> => {
      expect((await agent.get(url)).status).toBe(status);
      await isUnlinked(alice);
    };

    it('is of no use in the browser of somebody else, and of none in the right one after that', async () => {
      const { connectUri } = await world.begin(alice);
      const back = await consented(alice.agent, connectUri);
      await refused(mallory.agent, back, 403);
      await refused(alice.agent, back, 400);
      expect(await world.record({ type: 'tokenVault.link_refused' })).toMatchObject({
        reason: 'other_person',
        subject: 'alice',
      });
    });

    it('is of no use in another browser of the same person', async () => {
      const { connectUri } = await world.begin(alice);
      const back = await consented(alice.agent, connectUri);
      const elsewhere = await world.signIn('alice');
      await refused(elsewhere.agent, back, 403);
    });

    it('is of no use where nobody is signed in', async () => {
      const { connectUri } = await world.begin(alice);
      await refused(new UserAgent(), await consented(alice.agent, connectUri), 401);
    });

    it('counts once', async () => {
      const { connectUri } = await world.begin(alice);
      const back = await consented(alice.agent, connectUri);
      expect((await alice.agent.get(back)).status).toBe(200);
      await refused(alice.agent, back, 400);
    });

    it('counts at its own address alone: two providers are not mixed up', async () => {
      const { connectUri } = await world.begin(alice);
      const back = await consented(alice.agent, connectUri);
      await refused(alice.agent, back.replace('/callback/calendar', '/callback/mail'), 400);
    });

    it('is refused when it names another issuer, RFC 9207', async () => {
      calendar.claimedIssuer = mail.issuer;
      const { connectUri } = await world.begin(alice);
      const back = await world.consent(alice.agent, connectUri);
      expect(back.searchParams.get('error')).toBe('server_error');
      expect(back.searchParams.has('connect_code')).toBe(false);
      await isUnlinked(alice);
    });

    it.each<[string, (url: URL) => void, number]>([
      ['without its issuer', (url) => url.searchParams.delete('iss'), 200],
      ['with two issuers', (url) => url.searchParams.append('iss', 'https://evil.example'), 200],
      ['with two states', (url) => url.searchParams.append('state', 'another'), 400],
      ['without a state', (url) => url.searchParams.delete('state'), 400],
      ['with a state that was made up', (url) => url.searchParams.set('state', 'x'), 400],
      ['with a code that was made up', (url) => url.searchParams.set('code', 'x'), 200],
      ['with two codes', (url) => url.searchParams.append('code', 'x'), 200],
      ['without a code', (url) => url.searchParams.delete('code'), 200],
    ])('is refused %s', async (_name, change, status) => {
      const { connectUri } = await world.begin(alice);
      const back = new URL(await consented(alice.agent, connectUri));
      change(back);
      const answer = await alice.agent.get(back.href);
      expect(answer.status).toBe(status);
      expect(await answer.text()).not.toContain('connect_code');
      await isUnlinked(alice);
    });

    it('is refused with the code of another consent: PKCE', async () => {
      const hers = new URL(await consented(alice.agent, (await world.begin(alice)).connectUri));
      calendar.account = 'mail@mallory.example';
      const other = new URL(await consented(mallory.agent, (await world.begin(mallory)).connectUri));
      hers.searchParams.set('code', other.searchParams.get('code')!);
      expect(await (await alice.agent.get(hers.href)).text()).toContain('error=server_error');
      await isUnlinked(alice);
    });

    it('is refused with an ID token of another request: nonce', async () => {
      calendar.claimedNonce = 'of another request';
      const back = await world.consent(alice.agent, (await world.begin(alice)).connectUri);
      expect(back.searchParams.get('error')).toBe('server_error');
    });

    it('is refused late', async () => {
      const back = await consented(alice.agent, (await world.begin(alice)).connectUri);
      await sql(`update ${LINKS} set expires_at = 1`);
      await refused(alice.agent, back, 400);
    });

    it('tells the client that the user said no, or granted nothing of what was asked', async () => {
      calendar.grants = [];
      const denied = await world.consent(alice.agent, (await world.begin(alice)).connectUri);
      expect(denied.searchParams.get('error')).toBe('access_denied');
      calendar.grants = ['something.else'];
      const nothing = await world.consent(alice.agent, (await world.begin(alice)).connectUri);
      expect(nothing.searchParams.get('error')).toBe('access_denied');
    });

    it('tells the client of an outage as one', async () => {
      calendar.interruption = () => ({ status: 502 });
      const back = await world.consent(alice.agent, (await world.begin(alice)).connectUri);
      expect(back.searchParams.get('error')).toBe('temporarily_unavailable');
    });
  });

  describe('a connect_code', () => {
    beforeEach(clear);
    const obtained = async (): Promise<{ code: string; verifier: string }> => {
      const { connectUri, verifier } = await world.begin(alice);
      const back = await world.consent(alice.agent, connectUri);
      return { code: back.searchParams.get('connect_code')!, verifier };
    };
    const refused = (answer: Answer): void => {
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant']);
    };

    it('is for the person that it is of', async () => {
      const { code, verifier } = await obtained();
      refused(await world.complete(mallory, code, verifier));
      await isUnlinked(mallory);
      await isUnlinked(alice);
    });

    it('is for the client that has asked', async () => {
      const { code, verifier } = await obtained();
      const elsewhere = await world.signIn('alice', 'other-app', alice.agent);
      refused(await world.complete(elsewhere, code, verifier));
      await isUnlinked(alice);
    });

    it('wants its verifier, and ends with a wrong one, at the provider too', async () => {
      const { code, verifier } = await obtained();
      const before = calendar.revoked.length;
      refused(await world.complete(alice, code, `${verifier.slice(1)}x`));
      refused(await world.complete(alice, code, verifier));
      expect(calendar.revoked.length).toBe(before + 1);
    });

    it('counts once, and for one of many', async () => {
      const { code, verifier } = await obtained();
      const answers = await Promise.all(Array.from({ length: 5 }, () => world.complete(alice, code, verifier)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400, 400]);
    });

    it('is refused late', async () => {
      const { code, verifier } = await obtained();
      await sql(`update ${LINKS} set expires_at = 1`);
      refused(await world.complete(alice, code, verifier));
    });

    it('is refused made up, and no other kind of secret is one', async () => {
      const { connectUri, verifier } = await world.begin(alice);
      refused(await world.complete(alice, 'made-up', verifier));
      refused(await world.complete(alice, connectUri.split('/').at(-1)!, verifier));
    });

    it('changed or moved in the database is none', async () => {
      const { code, verifier } = await obtained();
      await sql(`update ${LINKS} set subject = 'mallory'`);
      refused(await world.complete(mallory, code, verifier));
      await isUnlinked(mallory);
    });
  });

  describe('another account of the same provider', () => {
    beforeEach(async () => {
      await clear();
      await world.link(alice);
      calendar.account = 'second@alice.example';
    });
    const asked = async () => {
      const { connectUri, verifier } = await world.begin(alice);
      const page = await alice.agent.follow(await alice.agent.get(connectUri), REDIRECT_URI);
      const html = await page.text();
      const field = (name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '';
      return { html, verifier, form: { form_token: field('form_token'), code: field('code') } };
    };
    const accountOf = async (): Promise<unknown> => {
      const { body } = await world.me('GET', '', alice.me);
      return (body['linked_accounts'] as { account: string }[])[0]?.account;
    };
    const confirm = `/linked-accounts/confirm`;

    it('asks first, and changes nothing when the answer is no', async () => {
      const { html, form } = await asked();
      expect(html).toContain('second@alice.example');
      const before = calendar.revoked.length;
      const answer = await alice.agent.submit(world.issuer + confirm, { ...form, decision: 'keep' });
      expect(await answer.text()).toContain('error=access_denied');
      expect([await accountOf(), calendar.revoked.length]).toEqual(['mail@alice.example', before + 1]);
    });

    it('takes the place of the first with a yes, which ends at the provider', async () => {
      const { form, verifier } = await asked();
      const before = calendar.revoked.length;
      const answer = await alice.agent.submit(world.issuer + confirm, { ...form, decision: 'replace' });
      const [, code] = /connect_code=([\w-]+)/.exec(await answer.text()) ?? [];
      expect((await world.complete(alice, code!, verifier)).status).toBe(201);
      expect([await accountOf(), calendar.revoked.length]).toEqual(['second@alice.example', before + 1]);
    });

    it('is confirmed by its own person, in the same browser, by a form of this server', async () => {
      const { form } = await asked();
      const without = { code: form.code };
      const url = world.issuer + confirm;
      expect((await alice.agent.submit(url, { ...without, decision: 'replace' })).status).toBe(403);
      const crossSite = { 'sec-fetch-site': 'cross-site' };
      expect((await alice.agent.submit(url, { ...form, decision: 'replace' }, crossSite)).status).toBe(403);
      expect((await mallory.agent.submit(url, { ...form, decision: 'replace' })).status).toBe(403);
      expect(await accountOf()).toBe('mail@alice.example');
    });
  });

  describe('an exchange', () => {
    beforeAll(async () => {
      await clear();
      await world.link(alice);
    });

    it.each(exchanged)('%s is refused', async (_name, change, client, error, rule) => {
      const { status, body } = await world.exchange(alice.token, change, client);
      expect([status, body['error']]).toEqual([400, error]);
      expect(await world.record({ type: 'token_exchange' })).toMatchObject({ outcome: 'rejected', rule });
    });

    it('by somebody else never finds the account', async () => {
      expect((await world.exchange(mallory.token)).body['error']).toBe('interaction_required');
    });

    it('of the token that a person shows itself with is refused', async () => {
      expect((await world.exchange(alice.me)).body['error']).toBe('invalid_request');
    });

    it('of a token by which an administrator uses the account is refused', async () => {
      const mark = { [IMPERSONATION_CLAIM]: { id: 'i', sub: 'support', iss: world.issuer } };
      const marked = await world.keys.sign({ ...decodeJwt(alice.token), ...mark }, { typ: 'at+jwt' });
      expect((await world.exchange(marked)).body['error']).toBe('invalid_request');
      expect(await world.record({ type: 'token_exchange' })).toMatchObject({ rule: 'impersonated-reach' });
    });

    it('of a token of no user is refused', async () => {
      const claims = { ...decodeJwt(alice.token), sub: 'service', client_id: 'service', jti: randomUUID() };
      await world.stores[0]!.tokens.record({
        jti: claims.jti,
        subject: 'service',
        clientId: 'service',
        audiences: ['service'],
        expiresAt: claims.exp!,
      });
      const token = await world.keys.sign(claims, { typ: 'at+jwt' });
      expect((await world.exchange(token)).body['error']).toBe('invalid_request');
      expect(await world.record({ type: 'token_exchange' })).toMatchObject({ rule: 'linked-account-subject' });
    });

    it('is told the scopes that the token has, where the edge accepts more than was asked for', async () => {
      const { body } = await world.exchange(alice.token, { scope: 'calendar.read' }, 'wide-service');
      expect(body['scope']).toBe('calendar.read calendar.write');
    });

    it('leaves a record of each request, and no token of the provider in any', async () => {
      await world.exchange(alice.token);
      const records = JSON.stringify(await rowsOf(world.database, 'select * from audit_records'));
      for (const secret of calendar.secrets) expect(records).not.toContain(secret);
    });

    it('is explained without asking the provider', async () => {
      const before = calendar.refreshes;
      const form = new URLSearchParams({
        grant_type: GrantType.TokenExchange,
        client_id: 'wide-service',
        subject_token: alice.token,
        subject_token_type: TokenType.AccessToken,
        requested_token_type: CONNECTED_ACCOUNT,
        audience: 'calendar',
      });
      const explained = await world.explain(form);
      expect(explained.body).toMatchObject({
        outcome: 'permitted',
        details: { tokenVault: { provider: 'calendar', acceptsWider: true } },
      });
      expect(calendar.refreshes).toBe(before);
    });

    it('of an edge that operators turn off is refused at once', async () => {
      const edges = await world.asOperator('GET', '/admin/edges');
      const id = 'agent:service:calendar:delegation';
      expect(JSON.stringify(edges.body)).toContain(id);
      const off = await world.asOperator('POST', `/admin/edges/${encodeURIComponent(id)}/disable`);
      expect(off.status).toBeLessThan(300);
      expect((await world.exchange(alice.token, { scope: 'calendar.read' }, 'agent')).body['error']).toBe(
        'invalid_target',
      );
    });
  });

  describe('what stands in the database', () => {
    beforeEach(async () => {
      await clear();
      await world.link(alice);
      calendar.account = 'mail@mallory.example';
      await world.link(mallory);
    });
    const isRefused = async (): Promise<void> => {
      const { status, body } = await world.exchange(alice.token);
      expect([status, body['error']]).toEqual([400, 'interaction_required']);
      expect(await world.record({ type: 'token_exchange' })).toMatchObject({
        reason: expect.stringContaining('changed or moved') as unknown,
      });
    };

    it('holds no token, no secret and no account in the clear', async () => {
      const rows = JSON.stringify([
        await rowsOf(world.database, `select * from ${ACCOUNTS}`),
        await rowsOf(world.database, `select * from ${LINKS}`),
      ]);
      for (const secret of calendar.secrets) expect(rows).not.toContain(secret);
    });

    it('is of no use in the row of somebody else', async () => {
      await sql(`update ${ACCOUNTS} set credentials = (select credentials from ${ACCOUNTS} where subject = 'mallory'),
        credentials_sealed_with = (select credentials_sealed_with from ${ACCOUNTS} where subject = 'mallory')
        where subject = 'alice'`);
      await isRefused();
    });

    it('is of no use as the whole row under another name', async () => {
      await sql(`delete from ${ACCOUNTS} where subject = 'alice'`);
      await sql(`update ${ACCOUNTS} set subject = 'alice' where subject = 'mallory'`);
      await isRefused();
    });

    it('is of no use for another life of the account, or another provider', async () => {
      await sql(`update ${ACCOUNTS} set provider = 'mail' where subject = 'alice'`);
      const { body } = await world.exchange(alice.token, { audience: 'mail' });
      expect(body['error']).toBe('interaction_required');
    });

    it('is of no use with the account or the generation of another state', async () => {
      await sql(`update ${ACCOUNTS} set generation = 7 where subject = 'alice'`);
      await isRefused();
    });

    it('gives no wider scopes when the row says so', async () => {
      await clear();
      calendar.account = 'mail@alice.example';
      await world.link(alice, { scope: 'calendar.read' });
      await sql(`update ${ACCOUNTS} set scopes = 'calendar.read calendar.write' where subject = 'alice'`);
      expect((await world.exchange(alice.token, { scope: 'calendar.write' })).body['error']).toBe(
        'interaction_required',
      );
    });

    it('that cannot be opened is dropped by whoever unlinks it, and by nothing else', async () => {
      await sql(`update ${ACCOUNTS} set generation = 7 where subject = 'alice'`);
      const { connectUri } = await world.begin(alice);
      expect((await alice.agent.get(connectUri)).status).toBe(200);
      const list = await world.me('GET', '', alice.me);
      const [{ id }] = list.body['linked_accounts'] as [{ id: string }];
      expect((await world.me('DELETE', `/${id}`, alice.me)).body).toEqual({ revoked_at_provider: false });
      await isUnlinked(alice);
    });

    it('is mended by linking again', async () => {
      await sql(`update ${ACCOUNTS} set generation = 7 where subject = 'alice'`);
      calendar.account = 'mail@alice.example';
      expect((await world.link(alice)).status).toBe(201);
      expect((await world.exchange(alice.token)).status).toBe(200);
    });
  });

  describe('people and operators', () => {
    beforeEach(async () => {
      await clear();
      await world.link(alice);
    });
    const idOf = async (person: SignedIn): Promise<string> => {
      const { body } = await world.me('GET', '', person.me);
      return (body['linked_accounts'] as { id: string }[])[0]!.id;
    };

    it('see, and unlink, what is theirs alone', async () => {
      await isUnlinked(mallory);
      expect((await world.me('DELETE', `/${await idOf(alice)}`, mallory.me)).status).toBe(404);
      expect((await world.exchange(alice.token)).status).toBe(200);
    });

    it('who are created anew under an old name inherit nothing', async () => {
      const carol = await world.signIn('carol');
      await world.link(carol);
      await world.asOperator('POST', '/admin/users/carol/disable');
      await world.asOperator('POST', '/admin/users/carol/enable');
      const again = await world.signIn('carol');
      expect((await world.exchange(again.token)).body['error']).toBe('interaction_required');
      await isUnlinked(again);
      expect((await world.exchange(carol.token)).body['error']).toBe('invalid_request');
    });

    it('see metadata as operators, by subject, provider and status, and never a token', async () => {
      const all = await world.asOperator('GET', '/admin/linked-accounts?subject=alice&provider=calendar&status=active');
      expect(all.body).toEqual({
        linked_accounts: [expect.objectContaining({ subject: 'alice', provider: 'calendar', generation: 1 })],
        more: false,
      });
      for (const secret of calendar.secrets) expect(JSON.stringify(all.body)).not.toContain(secret);
      expect((await world.asOperator('GET', '/admin/linked-accounts?subject=nobody')).body).toMatchObject({
        linked_accounts: [],
      });
      expect((await world.asOperator('GET', '/admin/linked-accounts?token=x')).status).toBe(400);
      expect((await world.asOperator('GET', '/admin/linked-accounts?status=good')).status).toBe(400);
    });

    it('see it when the seal is broken, too, and operators unlink for others', async () => {
      const id = await idOf(alice);
      const answer = await world.asOperator('DELETE', `/admin/linked-accounts/${id}`);
      expect(answer.body).toEqual({ revoked_at_provider: true });
      expect(await world.record({ type: 'tokenVault.unlinked' })).toMatchObject({
        subject: 'alice',
        operator: 'operator',
      });
      expect((await world.asOperator('DELETE', `/admin/linked-accounts/${id}`)).status).toBe(404);
      expect((await world.exchange(alice.token)).body['error']).toBe('interaction_required');
    });

    it('link and unlink at the page of this server, by its own forms alone', async () => {
      const page = await alice.agent.get(`${world.issuer}/linked-accounts`);
      const html = await page.text();
      expect(html).toContain('The Calendar');
      const [, form_token = ''] = /name="form_token" value="([^"]*)"/.exec(html) ?? [];
      const at = (path: string) => `${world.issuer}/linked-accounts/${path}`;
      const mailForm = { form_token, provider: 'mail', scope: 'mail.read' };
      expect((await alice.agent.submit(at('connect'), { ...mailForm, form_token: 'x' })).status).toBe(403);
      expect((await mallory.agent.submit(at('connect'), mailForm)).status).toBe(403);
      expect((await alice.agent.submit(at('connect'), { ...mailForm, scope: 'mail.send' })).status).toBe(400);
      const linked = await alice.agent.follow(await alice.agent.submit(at('connect'), mailForm));
      expect(new URL(linked.url).search).toBe('?linked=mail');
      expect(await linked.text()).toContain('mail@alice.example');
      expect((await world.exchange(alice.token, { audience: 'mail' })).status).toBe(200);
      const [, id = ''] =
        /name="id" value="([^"]*)"/.exec(await (await alice.agent.get(`${world.issuer}/linked-accounts`)).text()) ?? [];
      expect((await mallory.agent.submit(at('unlink'), { form_token, id })).status).toBe(403);
      const gone = await alice.agent.follow(await alice.agent.submit(at('unlink'), { form_token, id }));
      expect(gone.status).toBe(200);
      expect((await new UserAgent().get(`${world.issuer}/linked-accounts`)).status).toBe(401);
    });

    it('cannot have a token of ours for a third party by a login', async () => {
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: 'app',
        redirect_uri: REDIRECT_URI,
        scope: 'openid',
        nonce: 'n',
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
        resource: 'urn:onbehalf:audience:calendar',
      });
      const answer = await alice.agent.follow(
        await alice.agent.get(`${world.issuer}/oauth2/authorize?${query}`),
        REDIRECT_URI,
      );
      expect(`${answer.headers.get('location')}${await answer.text()}`).toContain('invalid_target');
      const direct = { grant_type: 'client_credentials', audience: 'calendar' };
      const own = await postForm(`${world.issuer}/oauth2/token`, direct, { authorization: basic('operator', SECRET) });
      expect(own.body['error']).toBe('invalid_target');
    });
  });
});
