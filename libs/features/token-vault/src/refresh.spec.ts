import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ReceivedRequest } from '@onbehalf/testing';
import { execute, rowsOf, testDatabases } from '@onbehalf/testing-internal';
import { TestProvider } from './test-provider.fixture.js';
import { VaultWorld, type SignedIn } from './vault-world.fixture.js';

// each server of its own takes seconds on a machine that has much else to do
jest.setTimeout(60_000);

const databases = await testDatabases();
const ACCOUNTS = 'feature_token_vault_accounts';

describe.each(databases)('refreshing linked accounts on $name', (database) => {
  let rotating: TestProvider;
  let plain: TestProvider;
  let world: VaultWorld;
  let alice: SignedIn;

  beforeAll(async () => {
    // tokens that are about to end from the beginning
    [rotating, plain] = await Promise.all([
      TestProvider.start({ rotates: true, expiresIn: 3600 }),
      TestProvider.start({ rotates: false }),
    ]);
    world = await VaultWorld.open(database, rotating, plain, { replicas: 2 });
    alice = await world.signIn();
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([rotating.close(), plain.close()]);
    await database.stop();
  });
  beforeEach(async () => {
    rotating.interruption = undefined;
    plain.interruption = undefined;
    await execute(world.database, `delete from ${ACCOUNTS}`);
    await world.link(alice);
    await world.link(alice, { provider: 'mail', scope: 'mail.read' });
    rotating.refreshes = 0;
    plain.refreshes = 0;
  });
  const rowOf = async (provider = 'calendar') => {
    const [row] = await rowsOf(world.database, `select * from ${ACCOUNTS} where provider = '${provider}'`);
    return row as Record<string, unknown>;
  };
  /** The access token of an account has this many seconds left. */
  const leave = (seconds: number, provider = 'calendar') => world.leave(alice.username, provider, seconds);
  const exchange = (replica = 0, provider = 'calendar') =>
    world.exchange(alice.token, { audience: provider }, 'service', replica);

  it('happens once for 200 who ask two replicas at the same time, and all are served', async () => {
    await leave(-10);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, each) => exchange(each % 2)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body['access_token'])).size).toBe(1);
    expect(rotating.refreshes).toBe(1);
  });

  it('happens when less than a minute is left, and not before', async () => {
    await leave(61);
    await exchange();
    expect(rotating.refreshes).toBe(0);
    await leave(59);
    expect((await exchange()).status).toBe(200);
    expect(rotating.refreshes).toBe(1);
  });

  it('has stored the new refresh token before the answer leaves', async () => {
    await leave(0);
    await exchange();
    const { generation } = await rowOf();
    expect(Number(generation)).toBeGreaterThan(2);
    await leave(0);
    // the one before would end everything
    expect((await exchange(1)).status).toBe(200);
    expect(rotating.refreshes).toBe(2);
  });

  it('keeps the refresh token of a provider that does not rotate', async () => {
    await leave(0, 'mail');
    expect((await exchange(0, 'mail')).status).toBe(200);
    await leave(0, 'mail');
    expect((await exchange(1, 'mail')).status).toBe(200);
    expect(plain.refreshes).toBe(2);
  });

  it.each([500, 502, 503, 429])('waits after %i, loses nothing, and goes on afterwards', async (status) => {
    await leave(-1);
    rotating.interruption = () => ({ status, headers: { 'retry-after': '7' } });
    const first = await exchange();
    expect([first.status, first.body['error']]).toEqual([503, 'temporarily_unavailable']);
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThan(20);
    rotating.interruption = undefined;
    expect((await exchange(1)).status).toBe(503);
    // it was asked once, and is left alone by both replicas
    expect(rotating.refreshes).toBe(0);
    expect(await rowOf()).toMatchObject({ status: 'active', last_error: 'unavailable' });
    await execute(world.database, `update ${ACCOUNTS} set retry_at = 1`);
    expect((await exchange()).status).toBe(200);
  });

  it('takes a connection that breaks for an outage, and asks again at once only where nothing rotates', async () => {
    const broken = ({ raw }: ReceivedRequest) => {
      raw.socket.destroy();
      return {};
    };
    await leave(-1);
    rotating.interruption = broken;
    let asked = 0;
    plain.interruption = (request) => ((asked += 1) === 1 ? broken(request) : undefined);
    await leave(-1, 'mail');
    expect((await exchange(0, 'mail')).status).toBe(200);
    expect(asked).toBe(2);
    expect((await exchange()).status).toBe(503);
    expect(await rowOf()).toMatchObject({ status: 'active' });
  });

  it('hands out what is still good while the provider is out', async () => {
    await leave(30);
    rotating.interruption = () => ({ status: 503 });
    const { status, body } = await exchange();
    expect(status).toBe(200);
    expect(Number(body['expires_in'])).toBeLessThanOrEqual(30);
  });

  it('ends the account for good when the provider says so, and says it to operators and in the record', async () => {
    await leave(-1);
    rotating.revokeAll();
    const { status, body } = await exchange();
    expect([status, body['error']]).toEqual([400, 'interaction_required']);
    expect(await rowOf()).toMatchObject({ status: 'expired', last_error: 'invalid_grant' });
    expect(await world.record({ type: 'tokenVault.ended' })).toMatchObject({ provider: 'calendar', subject: 'alice' });
    const before = rotating.refreshes;
    await exchange(1);
    expect(rotating.refreshes).toBe(before);
    expect((await world.link(alice)).status).toBe(201);
    expect((await exchange()).status).toBe(200);
  });

  it.each(['invalid_client', 'unauthorized_client', 'server_error', 'nonsense "quoted"'])(
    'does not end an account because of %s',
    async (error) => {
      await leave(-1);
      rotating.interruption = () => ({ status: 400, body: { error } });
      expect((await exchange()).status).toBe(503);
      expect(await rowOf()).toMatchObject({ status: 'active' });
    },
  );

  it.each<[string, unknown]>([
    ['no JSON', 'access_token=x'],
    ['a list', []],
    ['no token', { token_type: 'Bearer' }],
    ['a token that is bound to a key', { access_token: 'x', token_type: 'DPoP' }],
    ['a token that is no text', { access_token: { $ne: 1 }, token_type: 'Bearer' }],
    ['more than 64 KiB', { access_token: 'x'.repeat(70_000), token_type: 'Bearer' }],
  ])('takes %s for an outage', async (_name, body) => {
    await leave(-1);
    rotating.interruption = () => ({ body });
    expect((await exchange()).status).toBe(503);
    expect(await rowOf()).toMatchObject({ status: 'active' });
  });

  it('follows no redirect of a provider', async () => {
    await leave(-1);
    rotating.interruption = () => ({ status: 307, headers: { location: `${plain.issuer}/token` } });
    expect((await exchange()).status).toBe(503);
    expect(plain.refreshes).toBe(0);
  });

  it('is exhausted when the refresh token has come to its own end', async () => {
    await leave(-1);
    await world.edit(alice.username, 'calendar', (credentials) => ({ ...credentials, refreshExpiresAt: 1 }));
    expect((await exchange()).body['error']).toBe('interaction_required');
    expect(await rowOf()).toMatchObject({ status: 'exhausted' });
    expect(rotating.refreshes).toBe(0);
  });

  it('ends at the provider what was unlinked while it was refreshed', async () => {
    await leave(-1);
    let unlink = (): Promise<unknown> => Promise.resolve();
    rotating.beforeAnswer = () => unlink().then(() => undefined);
    unlink = () => execute(world.database, `delete from ${ACCOUNTS} where provider = 'calendar'`);
    const before = rotating.revoked.length;
    expect((await exchange()).body['error']).toBe('interaction_required');
    expect(rotating.revoked.length).toBe(before + 1);
    rotating.beforeAnswer = () => Promise.resolve();
  });

  it('goes on after a replica that died between the answer and its place in the database', async () => {
    await leave(-1);
    await execute(world.database, `update ${ACCOUNTS} set refresher = 'dead', refresher_until = 99999999999`);
    const waiting = exchange();
    await execute(world.database, `update ${ACCOUNTS} set refresher_until = 1`);
    expect((await waiting).status).toBe(200);
    expect(rotating.refreshes).toBe(1);
  });
});

describe('a refresh whose answer was lost', () => {
  it.each([
    ['loses nothing where the token before is kept until the next is used', true, 200],
    ['is an honest end where it is not', false, 400],
  ])('%s', async (_name, keepsOld, status) => {
    const [database] = databases;
    const provider = await TestProvider.start({ rotates: true, keepsOld });
    const world = await VaultWorld.open(database!, provider, provider);
    const alice = await world.signIn();
    await world.link(alice);
    const [before] = await rowsOf(world.database, `select credentials, generation from ${ACCOUNTS}`);
    await world.leave('alice', 'calendar', -1);
    const { credentials, generation } = await world.raw('alice', 'calendar');
    expect(before).toBeDefined();
    expect((await world.exchange(alice.token)).status).toBe(200);
    // as if the process had died before it could store what it was given
    await world.putBack('alice', 'calendar', { credentials, generation });
    const answer = await world.exchange(alice.token);
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body['error']).toBe('interaction_required');
    await world.close();
    await provider.close();
  });
});
