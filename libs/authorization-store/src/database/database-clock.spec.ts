import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';
import { ClocksDiffer } from './database-clock.js';

const databases = (await testDatabases()).filter(({ name }) => name === 'PostgreSQL');
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];
const HOURS = 7200;
const token = { clientId: 'c', subject: 's', audiences: ['a'] };

// SQLite has the clock of its machine, so there is nothing to differ from
describe.each(databases)('a replica whose clock differs, on $name', (kind) => {
  let right: AuthorizationStore;
  let wrong: AuthorizationStore;
  const told: number[] = [];
  const now = () => Math.floor(Date.now() / 1000);

  /** Opens a store, and does the work, as a machine whose clock is that much ahead. */
  async function ahead<Result>(seconds: number, work: () => Promise<Result>): Promise<Result> {
    const { now } = Date;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + seconds * 1000);
    return work().finally(() => clock.mockRestore());
  }

  beforeEach(async () => {
    told.length = 0;
    const options = { url: await kind.database(), encryptionKeys, sweepInterval: 0 };
    right = await openStore(options);
    const onClockDifference = (seconds: number) => told.push(seconds);
    wrong = await ahead(HOURS, () => openStore({ ...options, onClockDifference }));
  });
  afterEach(async () => {
    await Promise.all([right.close(), wrong.close()]);
  });
  afterAll(() => kind.stop());

  it('deletes nobody else’s live tokens, revocations, replays or counts', async () => {
    await right.tokens.record({ jti: 'live', ...token, expiresAt: now() + 600 });
    await right.tokens.record({ jti: 'revoked', ...token, expiresAt: now() + 600 });
    await right.tokens.revoke('revoked');
    await right.replay.use('used', now() + 600);
    await right.rateLimits.hit('counted', 600);
    await right.providerAdapter('Session').upsert('session', { uid: 'u' }, 600);
    await ahead(HOURS, async () => {
      expect(await wrong.sweep()).toBe(0);
      expect(await wrong.replay.use('used', now())).toBe(false);
      expect((await wrong.rateLimits.hit('counted', 600)).hits).toBe(2);
      expect((await wrong.tokens.revokedSince()).tokens.map(({ jti }) => jti)).toEqual(['revoked']);
    });
    expect(await right.tokens.find('live')).toMatchObject({ revoked: false });
    expect(await right.tokens.isRevoked('revoked')).toBe(true);
    expect(await right.providerAdapter('Session').find('session')).toBeDefined();
  });

  it('is told at the start and with each sweep, and is not ready', async () => {
    await ahead(HOURS, async () => {
      await expect(wrong.check()).rejects.toThrow(ClocksDiffer);
      await expect(wrong.check()).rejects.toThrow(/^the clock of this process is 7200 s ahead of the database's$/);
      await wrong.sweep();
    });
    expect(told.map((seconds) => Math.round(seconds))).toEqual([HOURS, HOURS]);
    await ahead(-HOURS, () => expect(right.check()).rejects.toThrow(/is 7200 s behind the database's$/));
    await expect(wrong.check()).resolves.toBeUndefined();
    expect(Math.abs(wrong.clockDifference)).toBeLessThan(1);
  });

  it.each([
    [29, true],
    [-29, true],
    [31, false],
    [-31, false],
  ])('by %i s is ready: %s', async (seconds, isReady) => {
    const ready = await ahead(seconds, () =>
      right.check().then(
        () => true,
        () => false,
      ),
    );
    expect(ready).toBe(isReady);
  });
});
