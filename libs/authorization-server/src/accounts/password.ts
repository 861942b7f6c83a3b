import { hash as digestOf, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { readPasswordHash, type PasswordCost } from '../configuration/schema/password-hash.js';

const derive = promisify<string, Buffer, number, PasswordCost & { maxmem: number }, Buffer>(scrypt);

// OWASP Password Storage Cheat Sheet: N=2^16, r=8, p=2 and equivalents; 64 MB each
const COST = { N: 2 ** 16, r: 8, p: 2 };
const MAX_MEMORY = 160 * 1024 * 1024;
const LENGTH = 32;

/** The hash of a password to be stored: `scrypt$N$r$p$salt$hash`, salt and hash base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return format(salt, await hash(password, salt, COST));
}

/** Whether the password has this hash. Takes the same time for every wrong password. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const expected = readPasswordHash(stored);
  if (!expected) return false;
  const given = await hash(password, expected.salt, expected.cost);
  return expected.hash.length === given.length && timingSafeEqual(given, expected.hash);
}

/**
 * What no password has, at the cost of {@link hashPassword}.
 * @param credential makes it the same each time
 */
export function noPassword(credential?: string): string {
  if (credential === undefined) return format(randomBytes(16), randomBytes(LENGTH));
  const digest = digestOf('sha256', credential, 'buffer');
  return format(digest.subarray(0, 16), digestOf('sha256', digest, 'buffer'));
}

function hash(password: string, salt: Buffer, cost: PasswordCost): Promise<Buffer> {
  return derive(password.normalize('NFKC'), salt, LENGTH, { ...cost, maxmem: MAX_MEMORY });
}

function format(salt: Buffer, hash: Buffer): string {
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}
