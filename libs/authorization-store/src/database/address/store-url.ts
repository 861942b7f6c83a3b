import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { parameterOf, readPostgresUrl, writePostgresUrl, type PostgresUrl } from './postgres-url.js';

/** A PostgreSQL, on one server or on several of which one takes writes. */
export interface PostgresLocation {
  readonly dialect: 'postgres';
  readonly url: string;
  readonly parts: PostgresUrl;
  /** Whether a server that takes no writes is passed over. */
  readonly mustWrite: boolean;
}

/** Where the data lives. */
export type StoreLocation = { readonly dialect: 'sqlite'; readonly path: string } | PostgresLocation;

/** What the server needs of a server, in the words of libpq (PostgreSQL §34.1.2). */
const ATTRIBUTES = 'target_session_attrs';
const WRITING = ['read-write', 'primary'];

const ACCEPTED = 'sqlite::memory:, sqlite:<path of a file> or postgres://user:password@host:port/database';

/**
 * Reads the address of the database. The message of the error names the scheme only, because the rest may hold a password.
 * @throws ConfigurationError when the address is none that is accepted
 */
export function parseStoreUrl(url: string): StoreLocation {
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) {
    return { dialect: 'sqlite', path: url.slice('sqlite:'.length) };
  }
  const parts = readPostgresUrl(url);
  if (parts && eachServer(parts).every((one) => URL.canParse(one)) && isDecodable(url)) return locationOf(url, parts);
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0];
  throw new ConfigurationError('DATABASE_URL', scheme ? `${scheme}…` : 'a value without a scheme', ACCEPTED);
}

/** An address as it may be told: without its password, and without parameters, which may hold one, too. */
export function shownUrl(url: string): string {
  const read = readPostgresUrl(url);
  if (!read) return url;
  return writePostgresUrl({ ...read, password: read.password === undefined ? undefined : '…', parameters: [] });
}

function locationOf(url: string, parts: PostgresUrl): PostgresLocation {
  const attributes = parameterOf(parts, ATTRIBUTES);
  if (attributes !== undefined && !WRITING.includes(attributes)) {
    throw new ConfigurationError('DATABASE_URL', `…${ATTRIBUTES}=${attributes}…`, `${WRITING.join(' or ')} there`);
  }
  if (parameterOf(parts, 'host')?.includes(',')) {
    const accepted = 'several servers before the name of the database: postgres://one:5432,two:5432/database';
    throw new ConfigurationError('DATABASE_URL', '…host=…', accepted);
  }
  return { dialect: 'postgres', url, parts, mustWrite: attributes !== undefined || parts.servers.length > 1 };
}

function eachServer(parts: PostgresUrl): string[] {
  return parts.servers.map((server) => writePostgresUrl({ ...parts, servers: [server] }));
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
