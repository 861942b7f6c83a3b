import { expect, it } from '@jest/globals';
import { systemClock } from './clock.js';

it('the clock of the machine counts whole seconds', () => {
  const before = Math.floor(Date.now() / 1000);
  const now = systemClock();
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now() / 1000);
});
