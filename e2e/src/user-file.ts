import { randomBytes, scryptSync } from 'node:crypto';

/** The hash of a password as it stands in the file, as `hash-password` makes it. */
export function hashOf(password: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { N: 2 ** 16, r: 8, p: 2, maxmem: 160 * 1024 * 1024 });
  return `scrypt$65536$8$2$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

/** Of the password `password`. */
export const PASSWORD_HASH = hashOf('password');
