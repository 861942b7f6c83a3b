import { hash } from 'node:crypto';

/** What is stored in place of an opaque token: its SHA-256. The tokens have 256 random bits, so no salt is needed. */
export function sha256(value: string): string {
  return hash('sha256', value, 'base64url');
}
