import { z } from 'zod';

/** `scrypt$N$r$p$salt$hash`, salt and hash base64url, the hash of 32 bytes. RFC 7914 §2 */
const FORMAT = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]+)\$([\w-]{43})$/;

/** The work of hashing once, N·r·p: what is common at least, and twice what hash-password makes at most. */
const WORK = { least: 2 ** 17, most: 2 ** 21 };
/** N·r; 128 bytes each, 128 MiB. */
const MOST_MEMORY = 2 ** 20;

/** What a password is hashed with. */
export interface PasswordCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** A stored hash, taken apart; `undefined` for anything else, and for one that would take too much to compare with. */
export function readPasswordHash(
  stored: string,
): { readonly cost: PasswordCost; readonly salt: Buffer; readonly hash: Buffer } | undefined {
  const [, N, r, p, salt = '', hash = ''] = FORMAT.exec(stored) ?? [];
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  // false for what is no number, too
  if (!(cost.r * cost.p > 0 && cost.N * cost.r <= MOST_MEMORY && workOf(cost) <= WORK.most)) return undefined;
  // RFC 7914 §2: N is a power of 2, larger than 1, and less than 2^(128·r/8)
  if (!Number.isInteger(Math.log2(cost.N)) || cost.N < 2 || Math.log2(cost.N) >= 16 * cost.r) return undefined;
  return { cost, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') };
}

/** What is accepted. */
export const PASSWORD_HASH = 'a hash made by: npx nx run auth-server:hash-password';

/** A hash that is worth to be stored: no cheaper than is common, and no dearer than a server can afford at each login. */
export const passwordHash = z
  .string()
  .regex(FORMAT, PASSWORD_HASH)
  .refine((stored) => {
    const read = readPasswordHash(stored);
    return read !== undefined && workOf(read.cost) >= WORK.least;
  }, `a hash whose cost N·r·p is from ${WORK.least} to ${WORK.most}, with N·r up to ${MOST_MEMORY}`);

function workOf({ N, r, p }: PasswordCost): number {
  return N * r * p;
}
