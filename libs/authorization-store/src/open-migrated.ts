import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { AuthorizationStore } from './authorization-store.js';
import { parseStoreUrl, shownUrl } from './database/address/store-url.js';
import { toOpeningError } from './database/opening-error.js';
import { openStore, pendingMigrations, type StoreOptions } from './open-store.js';

/**
 * Opens the store for a command, which looks at what is there: it makes no schema, and brings none up to date. Nothing is swept meanwhile.
 * @throws ConfigurationError for a database that cannot be opened, is empty, or has an old schema
 */
export async function openMigrated(options: StoreOptions): Promise<AuthorizationStore> {
  try {
    // one in memory is made by its opening
    const pending = isInMemory(options.url) ? [] : await pendingMigrations(options.url, options);
    if (pending.length > 0) throw notMigrated(options.url, pending);
    return await openStore({ ...options, sweepInterval: 0 });
  } catch (error) {
    throw toOpeningError(options.url, error);
  }
}

function isInMemory(url: string): boolean {
  const location = parseStoreUrl(url);
  return location.dialect === 'sqlite' && location.path === ':memory:';
}

function notMigrated(url: string, missing: readonly string[]): ConfigurationError {
  const accepted = `a database that the command migrate has brought up to date; missing: ${missing.join(', ')}`;
  return new ConfigurationError('DATABASE_URL', shownUrl(url), accepted);
}
