import { describe, expect, it } from '@jest/globals';
import { passwordHash, readPasswordHash } from './password-hash.js';

const stored = (cost: string): string => `scrypt$${cost}$c2FsdHNhbHQ$${'x'.repeat(43)}`;

describe('the cost of a stored password', () => {
  it.each(['65536$8$2', '131072$8$1', '16384$8$1', '32768$8$3', '16384$8$5', '65536$16$2'])('may be %s', (cost) => {
    expect(passwordHash.safeParse(stored(cost)).success).toBe(true);
  });

  it.each([
    ['so little that guessing costs nothing', '2$1$1'],
    ['a little less than is common', '8192$8$1'],
    ['more memory than a login may take', '262144$8$1'],
    ['more work than a login may take', '16384$8$32'],
    ['more work than anybody has', '1048576$99$99'],
    ['a block too small for so many (RFC 7914 section 2)', '65536$1$2'],
    ['no power of 2', '65535$8$2'],
    ['nothing', '0$0$0'],
    ['a number of 8 digits', '10000000$8$2'],
  ])('may not be %s', (_, cost) => {
    expect(passwordHash.safeParse(stored(cost)).success).toBe(false);
  });

  it.each([0, 22, 42, 44, 86])('a hash of %i characters is refused, because no password would match it', (length) => {
    expect(passwordHash.safeParse(`scrypt$65536$8$2$c2FsdHNhbHQ$${'x'.repeat(length)}`).success).toBe(false);
  });

  it.each(['1048576$99$99', '65536$1$2', '65535$8$2', '0$8$2', '1$8$2', 'x'])('%s is never computed', (cost) => {
    expect(readPasswordHash(stored(cost))).toBeUndefined();
  });
});
