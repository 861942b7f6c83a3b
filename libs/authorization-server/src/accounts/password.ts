import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

// OWASP Password Storage Cheat Sheet: N=2^16, r=8, p=2 and equivalents; 64 MB each
const COST = { N: 2 ** 16, r: 8, p: 2, maxmem: 160 * 1024 * 1024 };
const LENGTH = 32;

/** The hash of a password to be stored: `scrypt$N$r$p$salt$hash`, salt and hash base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password.normalize('NFKC'), salt, LENGTH, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Whether the password has this hash. Takes the same time for every wrong password. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt, hash] = stored.split('$');
  const expected = Buffer.from(hash ?? '', 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p), maxmem: COST.maxmem };
  const given = await derive(password.normalize('NFKC'), Buffer.from(salt ?? '', 'base64url'), LENGTH, cost);
  return expected.length === given.length && timingSafeEqual(given, expected);
}
