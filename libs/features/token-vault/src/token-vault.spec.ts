import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { TestProvider } from './test-provider.fixture.js';
import { CONNECTED_ACCOUNT, VaultWorld, type SignedIn } from './vault-world.fixture.js';

// each server of its own takes seconds on a machine that has much else to do
jest.setTimeout(60_000);

const databases = await testDatabases();

describe.each(databases)('linked accounts on $name', (database) => {
  let calendar: TestProvider;
  let mail: TestProvider;
  let world: VaultWorld;
  let alice: SignedIn;

  beforeAll(async () => {
    [calendar, mail] = await Promise.all([TestProvider.start({ rotates: true, narrows: true }), TestProvider.start()]);
    world = await VaultWorld.open(database, calendar, mail);
    alice = await world.signIn();
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([calendar.close(), mail.close()]);
    await database.stop();
  });

  it('without one, the exchange says where the user links it', async () => {
    const { status, body } = await world.exchange(alice.token);
    expect(status).toBe(400);
    expect(body).toEqual({
      error: 'interaction_required',
      error_description: 'The user has to link an account',
      interaction_uri: `${world.issuer}/linked-accounts?provider=calendar&scope=calendar.read+calendar.write`,
    });
  });

  it('are linked by a client, in the browser of the person, and handed out', async () => {
    const { answer, connectUri, verifier } = await world.begin(alice);
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      connect_uri: expect.stringContaining(`${world.issuer}/linked-accounts/connect/`) as unknown,
      expires_in: 300,
    });
    const back = await world.consent(alice.agent, connectUri);
    expect(back.searchParams.get('state')).toBe('state of the client');
    const linked = await world.complete(alice, back.searchParams.get('connect_code'), verifier);
    expect(linked.status).toBe(201);
    expect(linked.body).toMatchObject({
      provider: 'calendar',
      account: 'mail@alice.example',
      status: 'active',
      scopes: ['calendar.read', 'calendar.write'],
    });
    const { status, body } = await world.exchange(alice.token);
    expect([status, body]).toEqual([
      200,
      {
        access_token: expect.stringMatching(/^at-/) as unknown,
        issued_token_type: CONNECTED_ACCOUNT,
        token_type: 'Bearer',
        expires_in: expect.any(Number) as unknown,
        scope: 'calendar.read calendar.write',
        act: { iss: world.issuer, sub: 'service' },
        linked_account: linked.body['id'],
      },
    ]);
    expect(calendar.scopesOf(String(body['access_token']))).toContain('calendar.read');
    expect(await world.record({ type: 'token_exchange', outcome: 'issued' })).toMatchObject({
      subject: 'alice',
      clientId: 'service',
      provider: 'calendar',
      linkedAccount: linked.body['id'],
      actors: [{ sub: 'service' }],
    });
  });

  it('give a token for fewer scopes where the provider narrows, and the same one again', async () => {
    const first = await world.exchange(alice.token, { scope: 'calendar.read' });
    expect(first.body).toMatchObject({ scope: 'calendar.read' });
    expect(calendar.scopesOf(String(first.body['access_token']))).toEqual(['openid', 'calendar.read']);
    const again = await world.exchange(alice.token, { scope: 'calendar.read' }, 'agent');
    expect(again.body['access_token']).toBe(first.body['access_token']);
  });

  it('are listed without a token, and unlinked with an end at the provider', async () => {
    const list = await world.me('GET', '', alice.me);
    const [{ id }] = list.body['linked_accounts'] as [{ id: string }];
    expect(list.body).toEqual({
      linked_accounts: [expect.objectContaining({ provider: 'calendar', status: 'active' })],
    });
    for (const secret of calendar.secrets) expect(JSON.stringify(list.body)).not.toContain(secret);
    expect((await world.me('DELETE', `/${id}`, alice.me)).body).toEqual({ revoked_at_provider: true });
    expect((await world.me('DELETE', `/${id}`, alice.me)).status).toBe(404);
    expect((await world.exchange(alice.token)).body['error']).toBe('interaction_required');
  });
});
