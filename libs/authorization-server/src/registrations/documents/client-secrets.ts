import { hash as digest, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** A client secret as it is stored. It was made by the server from 256 random bits, so a fast hash keeps it. */
export const storedSecret = z.strictObject({
  /** SHA-256, base64url. */
  hash: z.string(),
  /** Seconds since the epoch; absent: for good. */
  expiresAt: z.int().optional(),
  /** Made by a command where the server runs, not by an operator over HTTP: such secrets let operators in, too. */
  byCommand: z.literal(true).optional(),
});

export type StoredSecret = z.infer<typeof storedSecret>;

/** A secret that nobody has seen yet, and what is stored of it. */
export function makeSecret(byCommand = false): { secret: string; stored: StoredSecret } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, stored: { hash: hash(secret), ...(byCommand && { byCommand }) } };
}

/** Whether one of the secrets that hold at this time (seconds since the epoch) is the given one. */
export function isOneOf(secrets: readonly StoredSecret[], given: string, now: number): boolean {
  const presented = Buffer.from(hash(given));
  return secrets
    .filter(({ expiresAt = Infinity }) => expiresAt > now)
    .map((secret) => Buffer.from(secret.hash))
    .map((expected) => expected.length === presented.length && timingSafeEqual(expected, presented))
    .includes(true);
}

/** The secrets that still hold after a rotation: what was for good holds until the overlap is over. */
export function withOverlap(secrets: readonly StoredSecret[], now: number, until: number): StoredSecret[] {
  return secrets
    .filter(({ expiresAt = Infinity }) => expiresAt > now)
    .map((secret) => ({ ...secret, expiresAt: Math.min(secret.expiresAt ?? until, until) }))
    .filter(({ expiresAt }) => expiresAt > now);
}

/** SHA-256, base64url. */
export function hash(secret: string): string {
  return digest('sha256', secret, 'base64url');
}
