import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Account } from '../accounts/accounts.js';
import { LoginLimits } from '../rate-limits/login-limits.js';
import { RateLimiter } from '../rate-limits/rate-limiter.js';
import { CountsInMemory } from '../rate-limits/rate-limits.fixture.js';
import { SignIn, type SignInOutcome } from './sign-in.js';

const account = { username: 'baeldung', enabled: true, protected: false } as Account;

describe('signing in', () => {
  let counts: CountsInMemory;
  let signIn: SignIn;
  /** Passwords that are looked at, now and in all. */
  let looking: { now: number; most: number; all: number };

  beforeEach(() => {
    counts = new CountsInMemory();
    looking = { now: 0, most: 0, all: 0 };
    const limiter = new RateLimiter(counts, () => counts.now);
    const limits = new LoginLimits(limiter, () => ({ window: 900, failuresPerAccount: 10, failuresPerAddress: 100 }));
    signIn = new SignIn({ authenticate }, limits);
  });

  async function authenticate(username: string, password: string): Promise<Account | undefined> {
    looking.now += 1;
    looking.all += 1;
    looking.most = Math.max(looking.most, looking.now);
    await new Promise((resolve) => setImmediate(resolve));
    looking.now -= 1;
    return username === 'baeldung' && password === 'right' ? account : undefined;
  }

  const many = (count: number, password: string, address = (_: number) => 'a') =>
    Promise.all(
      Array.from({ length: count }, (_, i) => signIn.attempt(address(i), 'baeldung', password, () => true)),
    ).then((outcomes) => outcomes.map(nameOf));

  it('14 right logins at once to one account all succeed', async () => {
    expect(await many(14, 'right')).toEqual(Array(14).fill('signed in'));
    // and nothing is left of them
    expect(await many(10, 'wrong')).toEqual(Array(10).fill('wrong password'));
    expect(await many(1, 'right')).toEqual(['too many attempts']);
  });

  it('as many guesses are looked at as are allowed, however many come at once', async () => {
    const outcomes = await many(21, 'wrong');
    expect(outcomes.filter((outcome) => outcome === 'wrong password')).toHaveLength(10);
    expect(outcomes.filter((outcome) => outcome === 'too many attempts')).toHaveLength(11);
    expect(looking.all).toBe(10);
  });

  it('of 200 guesses at once from 200 addresses, one is looked at, 20 wait and the others are told when to come back', async () => {
    const outcomes = await many(200, 'wrong', (i) => `address ${i}`);
    expect([looking.most, looking.all]).toEqual([1, 21]);
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(179);
    expect(await signIn.attempt('b', 'baeldung', 'right', () => true)).toEqual({ account });
  });

  it('who is told to come back has used up none of the guesses', async () => {
    await many(200, 'right');
    expect(await many(10, 'wrong')).toEqual(Array(10).fill('wrong password'));
  });

  it('nobody hashes for those who have left', async () => {
    expect(await signIn.attempt('a', 'baeldung', 'right', () => false)).toBeUndefined();
    expect(looking.all).toBe(0);
  });

  it('is refused while nothing can be counted, and possible as soon as it can', async () => {
    counts.available = false;
    await expect(signIn.attempt('a', 'baeldung', 'right', () => true)).rejects.toThrow('the database is gone');
    counts.available = true;
    expect(await signIn.attempt('a', 'baeldung', 'right', () => true)).toEqual({ account });
  });
});

function nameOf(outcome: SignInOutcome | undefined): string {
  return outcome && 'refused' in outcome ? outcome.refused : 'signed in';
}
