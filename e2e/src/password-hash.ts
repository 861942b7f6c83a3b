import { randomBytes, scryptSync } from 'node:crypto';

/** The hash of a password as the configuration holds it, at a cost that suits tests. */
export function hashOf(password: string): string {
  const [salt, [cost, blocks, parallel]] = [randomBytes(16), [2 ** 14, 8, 1] as const];
  const hash = scryptSync(password, salt, 32, { N: cost, r: blocks, p: parallel });
  return ['scrypt', cost, blocks, parallel, salt.toString('base64url'), hash.toString('base64url')].join('$');
}
