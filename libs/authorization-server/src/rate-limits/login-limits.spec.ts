import { beforeEach, describe, expect, it } from '@jest/globals';
import { LoginLimits } from './login-limits.js';
import { RateLimiter } from './rate-limiter.js';
import { CountsInMemory } from './rate-limits.fixture.js';

describe('guessing passwords', () => {
  let store: CountsInMemory;
  let limits: LoginLimits;

  beforeEach(() => {
    store = new CountsInMemory();
    const limiter = new RateLimiter(store, () => store.now);
    limits = new LoginLimits(limiter, () => ({ window: 900, failuresPerAccount: 2, failuresPerAddress: 4 }));
  });

  const attempts = async (...tries: readonly (readonly [string, string])[]): Promise<(number | undefined)[]> => {
    const waits = [];
    for (const [address, username] of tries) waits.push(await limits.attempt(address, username));
    return waits;
  };

  it('ends after a few failures for one account from one address, however its name is written', async () => {
    const alice = [
      ['a', 'alice'],
      ['a', 'Alice'],
      ['a', 'ALICE'],
    ] as const;
    expect(await attempts(...alice)).toEqual([undefined, undefined, 900]);
    expect(await attempts(['b', 'alice'], ['a', 'bob'])).toEqual([undefined, undefined]);
  });

  it('ends after more failures from one address for all accounts', async () => {
    const many = ['1', '2', '3', '4', '5'].map((name) => ['a', name] as const);
    expect(await attempts(...many)).toEqual([undefined, undefined, undefined, undefined, 900]);
  });

  it('keeps nothing under names that are not looked at', async () => {
    for (let name = 0; name < 50; name++) {
      if (name >= 10) await limits.attempt('a', String(name));
      await limits.wait('a', String(name));
    }
    // the address, and one for each name that was
    expect(store.kept).toBe(5);
  });

  it('cannot be done at the same time either', async () => {
    const waits = await Promise.all(Array.from({ length: 20 }, () => limits.attempt('a', 'alice')));
    expect(waits.filter((wait) => wait === undefined)).toHaveLength(2);
  });

  it('a login that succeeds was no failure', async () => {
    for (let i = 0; i < 10; i++) {
      expect(await limits.attempt('a', 'alice')).toBeUndefined();
      await limits.succeeded('a', 'alice');
    }
  });

  it('an own account does not hide the guesses at others', async () => {
    for (const name of ['1', '2', '3', '4']) {
      await limits.attempt('a', name);
      await limits.attempt('a', 'own');
      await limits.succeeded('a', 'own');
    }
    expect(await limits.attempt('a', '5')).toBe(900);
  });

  it('may go on when the window is over', async () => {
    await attempts(['a', 'alice'], ['a', 'alice']);
    store.now += 900;
    expect(await limits.attempt('a', 'alice')).toBeUndefined();
  });

  it('is refused while nothing can be counted', async () => {
    store.available = false;
    await expect(limits.attempt('a', 'alice')).rejects.toThrow('the database is gone');
  });
});
