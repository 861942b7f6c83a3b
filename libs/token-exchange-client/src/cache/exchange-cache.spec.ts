import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { ExchangedToken } from '../tokens/exchanged-token.js';
import { ExchangeRefused, ExchangeUnavailable } from '../tokens/exchange-errors.js';
import { ExchangeCache, type ExchangeCacheOptions, type Load } from './exchange-cache.js';

const NOW = 1_800_000_000;

/** Clocks that move as told: both together, or one alone. */
class TestClocks {
  #wall = NOW;
  #monotonic = 0;
  readonly wall = (): number => this.#wall;
  readonly monotonic = (): number => this.#monotonic;

  pass(seconds: number): void {
    this.step(seconds);
    this.#monotonic += seconds * 1000;
  }

  /** Somebody sets the wall clock, or the machine sleeps. */
  step(seconds: number): void {
    this.#wall += seconds;
  }
}

function setup(options: Partial<ExchangeCacheOptions> = {}) {
  const clocks = new TestClocks();
  const bounds = { maxEntries: 10_000, maxBytes: 32 * 1024 * 1024 };
  const cache = new ExchangeCache({
    ...bounds,
    expirySkew: 10,
    maxAge: Infinity,
    negativeLifetime: 5,
    clocks,
    ...options,
  });
  return { cache, clocks };
}

let issued = 0;
const issue = (token = `token-${++issued}`, expiresIn: number | undefined = 300): Load => {
  const exchanged = new ExchangedToken({ token, tokenType: 'Bearer', expiresIn });
  return () => Promise.resolve(exchanged);
};
const never: Load = () => Promise.reject(new Error('must not be exchanged'));
const failWith =
  (error: Error): Load =>
  () =>
    Promise.reject(error);
const refusal = new ExchangeRefused({ error: 'invalid_target', status: 400 });

describe('lifetime = min(expires_in − skew, subject expiry)', () => {
  it.each([
    ['expires_in less the skew', 300, undefined, 290],
    ['the subject token ends first', 300, NOW + 100, 100],
    ['the subject token outlives it', 300, NOW + 1000, 290],
  ])('%s', async (_case, expiresIn, subjectExpiresAt, seconds) => {
    const { cache, clocks } = setup();
    const exchange = { key: 'key', subjectExpiresAt: () => subjectExpiresAt };
    await cache.obtain(exchange, issue('first', expiresIn));
    clocks.pass(seconds - 1);
    expect((await cache.obtain(exchange, never)).token.token).toBe('first');
    clocks.pass(1);
    expect(await cache.obtain(exchange, issue('second'))).toMatchObject({
      origin: 'exchanged',
      token: { token: 'second' },
    });
  });

  it.each([
    ['no expires_in', undefined, undefined],
    ['expires_in within the skew', 10, undefined],
    ['expires_in of zero', 0, undefined],
    ['a subject token that has expired', 300, NOW - 1],
    ['a subject token that expires now', 300, NOW],
  ])('nothing is kept with %s', async (_case, expiresIn, subjectExpiresAt) => {
    const { cache } = setup();
    const token = new ExchangedToken({ token: 'short', tokenType: 'Bearer', expiresIn });
    await cache.obtain({ key: 'key', subjectExpiresAt: () => subjectExpiresAt }, () => Promise.resolve(token));
    expect(cache.metrics()).toMatchObject({ entries: 0, bytes: 0 });
  });
});

describe('maxAge', () => {
  it('ends the reuse of a token that lives longer', async () => {
    const { cache, clocks } = setup({ maxAge: 30 });
    await cache.obtain({ key: 'key' }, issue('first'));
    clocks.pass(29);
    expect((await cache.obtain({ key: 'key' }, never)).origin).toBe('hit');
    clocks.pass(1);
    expect((await cache.obtain({ key: 'key' }, issue('second'))).origin).toBe('exchanged');
  });

  it('of zero keeps nothing, and still shares one exchange among concurrent calls', async () => {
    const { cache } = setup({ maxAge: 0 });
    const calls = [cache.obtain({ key: 'key' }, issue('one')), cache.obtain({ key: 'key' }, never)];
    expect((await Promise.all(calls)).map(({ origin }) => origin)).toEqual(['exchanged', 'joined']);
    expect(cache.metrics().entries).toBe(0);
  });
});

describe('clock steps', () => {
  it('a wall clock that is set back an hour prolongs nothing', async () => {
    const { cache, clocks } = setup();
    await cache.obtain({ key: 'key', subjectExpiresAt: () => NOW + 300 }, issue('first'));
    clocks.step(-3600);
    clocks.pass(291);
    expect((await cache.obtain({ key: 'key' }, issue('second'))).token.token).toBe('second');
  });

  it('a wall clock that is set forward ends the reuse', async () => {
    const { cache, clocks } = setup();
    await cache.obtain({ key: 'key' }, issue('first'));
    clocks.step(3600);
    expect((await cache.obtain({ key: 'key' }, issue('second'))).token.token).toBe('second');
  });

  it('a small step back leaves valid entries in use', async () => {
    const { cache, clocks } = setup();
    await cache.obtain({ key: 'key' }, issue('first'));
    clocks.step(-30);
    expect((await cache.obtain({ key: 'key' }, never)).origin).toBe('hit');
  });

  it('a wall clock that is wrong while a token is stored cannot make it live longer than it does', async () => {
    const { cache, clocks } = setup();
    clocks.step(-86_400);
    await cache.obtain({ key: 'key', subjectExpiresAt: () => NOW + 300 }, issue('first'));
    clocks.step(86_400);
    clocks.pass(291);
    expect((await cache.obtain({ key: 'key' }, issue('second'))).token.token).toBe('second');
  });
});

describe('negative entries', () => {
  it('remember a refusal for five seconds', async () => {
    const { cache, clocks } = setup();
    await expect(cache.obtain({ key: 'key' }, failWith(refusal))).rejects.toBe(refusal);
    clocks.pass(4);
    await expect(cache.obtain({ key: 'key' }, never)).rejects.toBe(refusal);
    clocks.pass(1);
    expect((await cache.obtain({ key: 'key' }, issue())).origin).toBe('exchanged');
    expect(cache.metrics().negativeHits).toBe(1);
  });

  it.each(['timeout', 'connection', 'status', 'resting', 'malformed', 'discovery'] as const)(
    'never remember that the server was unavailable: %s',
    async (reason) => {
      const { cache } = setup();
      const unavailable = new ExchangeUnavailable(reason, 'down');
      await expect(cache.obtain({ key: 'key' }, failWith(unavailable))).rejects.toBe(unavailable);
      expect((await cache.obtain({ key: 'key' }, issue())).origin).toBe('exchanged');
    },
  );
});

describe('bounds', () => {
  it('100,000 distinct users: never more than 10,000 entries and 32 MB, and the memory stays', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { cache } = setup();
    collect();
    const before = process.memoryUsage().heapUsed;
    let most = { entries: 0, bytes: 0 };
    for (let user = 0; user < 100_000; user++) {
      const text = `user-${user}.`.padEnd(user % 2 === 0 ? 1000 : 4000, 'x');
      await cache.obtain({ key: `key-${user}`, subjectHash: `hash-${user}` }, issue(text));
      const { entries, bytes } = cache.metrics();
      most = { entries: Math.max(most.entries, entries), bytes: Math.max(most.bytes, bytes) };
    }
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    expect(most.entries).toBeLessThanOrEqual(10_000);
    expect(most.bytes).toBeLessThanOrEqual(32 * 1024 * 1024);
    expect(cache.metrics().evictions).toBeGreaterThan(89_000);
    expect(grown).toBeLessThan(40 * 1024 * 1024);
  });

  it('the least recently used entry leaves first', async () => {
    const { cache } = setup({ maxEntries: 2 });
    await cache.obtain({ key: 'a' }, issue());
    await cache.obtain({ key: 'b' }, issue());
    await cache.obtain({ key: 'a' }, never);
    await cache.obtain({ key: 'c' }, issue());
    expect((await cache.obtain({ key: 'a' }, never)).origin).toBe('hit');
    expect((await cache.obtain({ key: 'b' }, issue())).origin).toBe('exchanged');
  });

  it('a token larger than the whole cache is not kept and drives nobody out', async () => {
    const { cache } = setup({ maxBytes: 10_000 });
    await cache.obtain({ key: 'small' }, issue());
    await cache.obtain({ key: 'large' }, issue('x'.repeat(20_000)));
    expect(cache.metrics()).toMatchObject({ entries: 1, evictions: 0 });
  });

  it('counts bytes down again', async () => {
    const { cache } = setup();
    const obtained = await cache.obtain({ key: 'a' }, issue());
    await cache.obtain({ key: 'a2', subjectHash: 'subject' }, issue());
    await cache.evict(obtained);
    await cache.forgetSubject('subject');
    expect(cache.metrics()).toMatchObject({ entries: 0, bytes: 0, invalidations: 2 });
  });
});

describe('single flight', () => {
  it('1,000 concurrent calls cause one exchange', async () => {
    const { cache } = setup();
    const { promise, resolve } = Promise.withResolvers<ExchangedToken>();
    let exchanges = 0;
    const load: Load = () => {
      exchanges += 1;
      return promise;
    };
    const calls = Array.from({ length: 1000 }, () => cache.obtain({ key: 'key' }, load));
    expect(cache.metrics().flights).toBe(1);
    resolve(new ExchangedToken({ token: 'one', tokenType: 'Bearer', expiresIn: 300 }));
    const tokens = await Promise.all(calls);
    expect(new Set(tokens.map(({ token }) => token.token))).toEqual(new Set(['one']));
    expect(exchanges).toBe(1);
    expect(cache.metrics()).toMatchObject({ misses: 1, joined: 999, flights: 0 });
  });

  it("one caller's abort does not cancel the others", async () => {
    const { cache } = setup();
    const { promise, resolve } = Promise.withResolvers<ExchangedToken>();
    let upstream: AbortSignal | undefined;
    const load: Load = (signal) => {
      upstream = signal;
      return promise;
    };
    const first = new AbortController();
    const aborted = cache.obtain({ key: 'key' }, load, first.signal);
    const others = [
      cache.obtain({ key: 'key' }, load),
      cache.obtain({ key: 'key' }, load, new AbortController().signal),
    ];
    first.abort(new Error('gone'));
    await expect(aborted).rejects.toThrow('gone');
    expect(upstream?.aborted).toBe(false);
    resolve(new ExchangedToken({ token: 'one', tokenType: 'Bearer', expiresIn: 300 }));
    expect((await Promise.all(others)).map(({ token }) => token.token)).toEqual(['one', 'one']);
  });

  it('the exchange is aborted when nobody waits any more, and the next caller begins a new one', async () => {
    const { cache } = setup();
    const upstream: AbortSignal[] = [];
    const load: Load = (signal) => {
      upstream.push(signal);
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    };
    const callers = [new AbortController(), new AbortController()];
    const calls = callers.map(({ signal }) => cache.obtain({ key: 'key' }, load, signal));
    callers.forEach((caller) => caller.abort(new Error('gone')));
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(upstream.map(({ aborted }) => aborted)).toEqual([true]);
    expect((await cache.obtain({ key: 'key' }, issue())).origin).toBe('exchanged');
  });

  it('who has aborted already starts nothing', async () => {
    const { cache } = setup();
    await expect(cache.obtain({ key: 'key' }, never, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(cache.metrics().misses).toBe(0);
  });

  it('a failed flight fails all who wait, and is not kept', async () => {
    const { cache } = setup();
    const unavailable = new ExchangeUnavailable('status', 'down');
    const calls = Array.from({ length: 10 }, () => cache.obtain({ key: 'key' }, failWith(unavailable)));
    const results = await Promise.allSettled(calls);
    expect(results.every((result) => result.status === 'rejected' && result.reason === unavailable)).toBe(true);
    expect(cache.metrics()).toMatchObject({ flights: 0, entries: 0 });
  });
});

describe('the end of reuse', () => {
  it('an eviction drops the refused token only, not the one that has replaced it', async () => {
    const { cache } = setup();
    const refused = await cache.obtain({ key: 'key' }, issue('old'));
    await cache.evict(refused);
    await cache.obtain({ key: 'key' }, issue('new'));
    await cache.evict(refused);
    expect((await cache.obtain({ key: 'key' }, never)).token.token).toBe('new');
  });

  it('forgetting a subject drops all its tokens and nobody else’s', async () => {
    const { cache } = setup();
    await cache.obtain({ key: 'a1', subjectHash: 'a' }, issue());
    await cache.obtain({ key: 'a2', subjectHash: 'a' }, issue());
    await cache.obtain({ key: 'b1', subjectHash: 'b' }, issue());
    await cache.forgetSubject('a');
    expect((await cache.obtain({ key: 'b1' }, never)).origin).toBe('hit');
    expect(cache.metrics()).toMatchObject({ entries: 1, invalidations: 2 });
  });

  it('what is forgotten while its exchange is under way is not kept', async () => {
    const { cache } = setup();
    const { promise, resolve } = Promise.withResolvers<ExchangedToken>();
    const call = cache.obtain({ key: 'a1', subjectHash: 'a' }, () => promise);
    await cache.forgetSubject('a');
    resolve(new ExchangedToken({ token: 'late', tokenType: 'Bearer', expiresIn: 300 }));
    await call;
    expect(cache.metrics().entries).toBe(0);
  });

  it('forgetting a tenant leaves the other tenants alone', async () => {
    const { cache } = setup();
    await cache.obtain({ key: 'a', tenant: 'acme' }, issue());
    await cache.obtain({ key: 'b', tenant: 'umbrella' }, issue());
    await cache.obtain({ key: 'c' }, issue());
    await cache.forgetTenant('acme');
    expect((await cache.obtain({ key: 'b' }, never)).origin).toBe('hit');
    expect((await cache.obtain({ key: 'c' }, never)).origin).toBe('hit');
    expect(cache.metrics().entries).toBe(2);
  });
});
