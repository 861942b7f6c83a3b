import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { rowsOf, testDatabases } from '@onbehalf/testing-internal';
import { BACK_OFF } from './providers/provider-errors.js';
import { TestProvider } from './test-provider.fixture.js';
import { VaultWorld, type SignedIn } from './vault-world.fixture.js';

/** Seconds for which the provider is out; `npm run soak` asks for them, because the vault leaves it alone for as long. */
const OUTAGE = Number(process.env['SOAK_PROVIDER_OUTAGE'] ?? 0);
const EVERY = 250;
jest.setTimeout(120_000);

const databases = OUTAGE > 0 ? await testDatabases() : [];
const describeOutage = OUTAGE > 0 ? describe.each(databases) : describe.skip.each([{ name: 'no database' } as never]);

describeOutage(`a provider that is out for ${OUTAGE} seconds, on $name with two replicas`, (database) => {
  let provider: TestProvider;
  let mail: TestProvider;
  let world: VaultWorld;
  let alice: SignedIn;
  beforeAll(async () => {
    [provider, mail] = await Promise.all([TestProvider.start({ rotates: true }), TestProvider.start()]);
    world = await VaultWorld.open(database, provider, mail, { replicas: 2 });
    alice = await world.signIn();
    await world.link(alice);
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([provider.close(), mail.close()]);
    await database.stop();
  });

  const exchange = (replica: number) => world.exchange(alice.token, { audience: 'calendar' }, 'service', replica);
  const both = () => Promise.all([0, 1].map(exchange));

  it('tells callers to come again, loses nothing, and is asked for one refresh afterwards', async () => {
    await world.leave(alice.username, 'calendar', -1);
    provider.refreshes = 0;
    let asked = 0;
    provider.interruption = ({ raw }) => {
      asked += 1;
      raw.socket.destroy();
      return {};
    };
    const back = Date.now() + OUTAGE * 1000;
    while (Date.now() < back) {
      for (const { status, body, headers } of await both()) {
        expect([status, body['error']]).toEqual([503, 'temporarily_unavailable']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(BACK_OFF);
      }
      await pause(EVERY);
    }
    // it was left alone in between
    expect(asked).toBeLessThanOrEqual(1 + Math.ceil(OUTAGE / BACK_OFF));
    provider.interruption = undefined;
    const [row] = await rowsOf(world.database, 'select status from feature_token_vault_accounts');
    expect(row).toEqual({ status: 'active' });
    const due = Date.now() + (BACK_OFF + 5) * 1000;
    let answers = await both();
    while (answers.some(({ status }) => status !== 200) && Date.now() < due) {
      for (const { status } of answers) expect([200, 503]).toContain(status);
      await pause(EVERY);
      answers = await both();
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(answers.map(({ body }) => body['access_token'])).size).toBe(1);
    expect(provider.refreshes).toBe(1);
  });
});
