import { randomBytes } from 'node:crypto';

/** What each server on a store is started with. */
export function storeSettings(url: string): { readonly DATABASE_URL: string; readonly ENCRYPTION_KEYS: string } {
  return { DATABASE_URL: url, ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
}
