import { expect, it } from '@jest/globals';
import { isRecent, systemClock } from './clock.js';

it('the clock of the machine counts whole seconds', () => {
  const before = Math.floor(Date.now() / 1000);
  const now = systemClock();
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now() / 1000);
});

it.each([
  ['this moment', 100, true],
  ['until the time is over', 91, true],
  ['not when it is over', 90, false],
  ['not what is yet to come, because the clock was set back', 101, false],
])('recent is %s', (_case, moment, expected) => {
  expect(isRecent(moment, 10, 100)).toBe(expected);
});
