import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { readPostgresUrl, writePostgresUrl } from './postgres-url.js';

/** Where the data lives. */
export type StoreLocation =
  { readonly dialect: 'sqlite'; readonly path: string } | { readonly dialect: 'postgres'; readonly url: string };

const ACCEPTED = 'sqlite::memory:, sqlite:<path of a file> or postgres://user:password@host:port/database';

/**
 * Reads the address of the database. The message of the error names the scheme only, because the rest may hold a password.
 * @throws ConfigurationError when the address is none that is accepted
 */
export function parseStoreUrl(url: string): StoreLocation {
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) {
    return { dialect: 'sqlite', path: url.slice('sqlite:'.length) };
  }
  if (/^postgres(ql)?:\/\/./.test(url) && URL.canParse(url) && isDecodable(url)) {
    return { dialect: 'postgres', url };
  }
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0];
  throw new ConfigurationError('DATABASE_URL', scheme ? `${scheme}…` : 'a value without a scheme', ACCEPTED);
}

/** An address as it may be told: without its password, and without parameters, which may hold one, too. */
export function shownUrl(url: string): string {
  const read = readPostgresUrl(url);
  if (!read) return url;
  return writePostgresUrl({ ...read, password: read.password === undefined ? undefined : '…', parameters: [] });
}

/** What the driver would otherwise find out. RFC 3986 §2.1 */
function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
