import { hash } from 'node:crypto';

/** What is stored in place of an opaque token: its SHA-256. The tokens have 256 random bits, so no salt is needed. */
export function sha256(value: string): string {
  return hash('sha256', value, 'base64url');
}

/** Characters. An index of PostgreSQL takes no more than 2,704 bytes. */
const LONGEST_INDEXED = 255;

/**
 * A value that comes from outside, as it can be stored and indexed by any database: one that is too long, or that no
 * text column holds (NUL, half a surrogate pair), is replaced by its hash. Equal values stay equal.
 */
export function indexable(value: string): string {
  const storable = value.length <= LONGEST_INDEXED && value.isWellFormed() && !value.includes('\0');
  return storable ? value : `sha256:${sha256(JSON.stringify(value))}`;
}
