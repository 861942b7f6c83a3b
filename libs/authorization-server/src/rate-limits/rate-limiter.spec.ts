import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { rateKey, RateLimiter } from './rate-limiter.js';
import { CountsInMemory } from './rate-limits.fixture.js';

const KEY = rateKey('requests', 'client');
const LIMIT = { hits: 3, window: 60 };

describe('limits that hold across replicas', () => {
  let store: CountsInMemory;
  let replicas: readonly [RateLimiter, RateLimiter];
  const tell = () => jest.advanceTimersByTimeAsync(500);

  beforeEach(() => {
    jest.useFakeTimers();
    store = new CountsInMemory();
    replicas = [new RateLimiter(store, () => store.now), new RateLimiter(store, () => store.now)];
  });
  afterEach(() => void jest.useRealTimers());

  it('a replica holds the limit at once, for itself', () => {
    const [here] = replicas;
    const waits = Array.from({ length: 5 }, () => {
      const wait = here.wait(KEY, LIMIT);
      if (wait === undefined) here.count(KEY, LIMIT);
      return wait;
    });
    expect(waits).toEqual([undefined, undefined, undefined, 60, 60]);
    expect(here.wait(rateKey('requests', 'other'), LIMIT)).toBeUndefined();
  });

  it('a replica knows what the others have counted when it tells its own', async () => {
    const [here, there] = replicas;
    for (let i = 0; i < 3; i++) there.count(KEY, LIMIT);
    here.count(KEY, LIMIT);
    expect(here.wait(KEY, LIMIT)).toBeUndefined();
    await tell();
    expect(here.wait(KEY, LIMIT)).toBe(60);
  });

  it('the store is asked twice a second, however much is counted', async () => {
    for (let i = 0; i < 1000; i++) replicas[0].count(KEY, { hits: 10_000, window: 60 });
    await tell();
    expect(store.asked).toBe(1);
  });

  it('counting begins anew when the window is over', async () => {
    const [here] = replicas;
    for (let i = 0; i < 3; i++) here.count(KEY, LIMIT);
    await tell();
    store.now += 45;
    expect(here.wait(KEY, LIMIT)).toBe(15);
    store.now += 15;
    expect(here.wait(KEY, LIMIT)).toBeUndefined();
  });

  it('what could not be told is not forgotten', async () => {
    const [here, there] = replicas;
    store.available = false;
    for (let i = 0; i < 3; i++) here.count(KEY, LIMIT);
    await tell();
    expect(here.wait(KEY, LIMIT)).toBe(60);
    store.available = true;
    here.count(KEY, LIMIT);
    there.count(KEY, LIMIT);
    await tell();
    expect(there.wait(KEY, LIMIT)).toBe(60);
  });

  it('an exact hit waits for the count of all', async () => {
    const [here, there] = replicas;
    const waits = await Promise.all([here, there, here, there, here].map((replica) => replica.hit(KEY, LIMIT)));
    expect(waits).toEqual([undefined, undefined, undefined, 60, 60]);
  });

  it('a hit that is taken back does not count, and a key is forgotten on demand', async () => {
    const [here] = replicas;
    for (let i = 0; i < 3; i++) await here.hit(KEY, LIMIT);
    await here.takeBack(KEY, LIMIT);
    expect(await here.hit(KEY, LIMIT)).toBeUndefined();
    expect(await here.hit(KEY, LIMIT)).toBe(60);
    await here.forget(KEY);
    expect(await here.hit(KEY, LIMIT)).toBeUndefined();
  });

  it('remembers a bounded number of keys', () => {
    const [here] = replicas;
    for (let i = 0; i < 3; i++) here.count(KEY, LIMIT);
    for (let i = 0; i < 20_000; i++) here.count(rateKey('requests', String(i)), LIMIT);
    expect(here.wait(KEY, LIMIT)).toBeUndefined();
    expect(jest.getTimerCount()).toBe(20_000);
  });

  it('tells the store what it forgets for the sake of others', async () => {
    const [here] = replicas;
    for (let i = 0; i < 3; i += 1) here.count(KEY, LIMIT);
    for (let i = 0; i < 20_000; i += 1) here.count(rateKey('requests', String(i)), LIMIT);
    expect(here.wait(KEY, LIMIT)).toBeUndefined();
    expect((await store.hit(KEY, LIMIT.window, 0)).hits).toBe(3);
  });
});
