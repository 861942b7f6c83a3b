import { describe, expect, it } from '@jest/globals';
import { CircuitBreaker, DEFAULT_BREAKER, type Outcome } from './circuit-breaker.js';

function setup() {
  let now = 0;
  const breaker = new CircuitBreaker({ ...DEFAULT_BREAKER, monotonic: () => now });
  /** Begins a call; `end` tells how it ended. */
  const begin = (): { wait?: number; end: (outcome: Outcome) => void } => {
    const passage = breaker.enter();
    return 'wait' in passage ? { wait: passage.wait, end: () => undefined } : { end: passage.record };
  };
  const call = (outcome: Outcome): number | undefined => {
    const { wait, end } = begin();
    end(outcome);
    return wait;
  };
  const pass = (milliseconds: number): void => void (now += milliseconds);
  return { breaker, begin, call, pass };
}

describe('CircuitBreaker: 50 % of 20', () => {
  it('lets calls through while fewer than ten of the last twenty fail', () => {
    const { call } = setup();
    for (let round = 0; round < 50; round++) {
      expect(call(round % 20 < 9 ? 'failure' : 'success')).toBeUndefined();
    }
  });

  it('stops calls at the tenth failure of the last twenty, and says for how long', () => {
    const { breaker, call } = setup();
    for (let i = 0; i < 10; i++) call('success');
    for (let i = 0; i < 10; i++) expect(call('failure')).toBeUndefined();
    expect(call('success')).toBe(5);
    expect(breaker.available).toBe(false);
  });

  it('old failures do not count: they have left the window', () => {
    const { call } = setup();
    for (let i = 0; i < 9; i++) call('failure');
    for (let i = 0; i < 20; i++) call('success');
    for (let i = 0; i < 9; i++) expect(call('failure')).toBeUndefined();
  });

  it('after the rest one call goes through; when it succeeds, all do', () => {
    const { breaker, begin, call, pass } = setup();
    for (let i = 0; i < 10; i++) call('failure');
    pass(5000);
    const probe = begin();
    expect(probe.wait).toBeUndefined();
    expect(call('success')).toBe(1);
    probe.end('success');
    expect(breaker.available).toBe(true);
    for (let i = 0; i < 9; i++) expect(call('failure')).toBeUndefined();
  });

  it('when the one call fails, the rest begins anew', () => {
    const { call, pass } = setup();
    for (let i = 0; i < 10; i++) call('failure');
    pass(5000);
    expect(call('failure')).toBeUndefined();
    expect(call('success')).toBe(5);
  });

  it('when nobody waits for the one call any more, another one may be it', () => {
    const { call, pass } = setup();
    for (let i = 0; i < 10; i++) call('failure');
    pass(5000);
    expect(call('abandoned')).toBeUndefined();
    expect(call('success')).toBeUndefined();
  });

  it('rests as long as the server asks for', () => {
    const { breaker, call, pass } = setup();
    breaker.rest(30);
    expect(call('success')).toBe(30);
    pass(29_001);
    expect(call('success')).toBe(1);
    pass(999);
    expect(call('success')).toBeUndefined();
    expect(breaker.available).toBe(true);
  });

  it.each(['success', 'failure'] as const)(
    'a call from before the stop says nothing, whatever its end: %s',
    (outcome) => {
      const { breaker, begin, call, pass } = setup();
      const [early, late] = [begin(), begin()];
      for (let i = 0; i < 10; i++) call('failure');
      early.end(outcome);
      expect(breaker.available).toBe(false);
      pass(5000);
      const probe = begin();
      late.end(outcome);
      expect(call('success')).toBe(1);
      probe.end('success');
      expect(breaker.available).toBe(true);
    },
  );
});
