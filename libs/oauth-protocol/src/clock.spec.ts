import { expect, it } from '@jest/globals';
import { stillHolds, systemClock } from './clock.js';

it('the clock of the machine counts whole seconds', () => {
  const before = Math.floor(Date.now() / 1000);
  const now = systemClock();
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now() / 1000);
});

it.each([
  ['from its moment', 100, true],
  ['until its time is over', 91, true],
  ['no longer', 90, false],
  ['not before its moment, where the clock was set back', 101, false],
])('a thing holds %s', (_case, moment, expected) => {
  expect(stillHolds(moment, 10, 100)).toBe(expected);
});
