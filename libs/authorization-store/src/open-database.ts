import { sql, type Kysely } from 'kysely';
import type { Dialect } from './database/schema/migrate.js';
import { toOpeningError } from './database/opening-error.js';
import { parseStoreUrl } from './database/address/store-url.js';
import { connect, type ConnectionOptions } from './database/connect.js';
import { checkNotPooled, keysFor, type StoreOptions } from './open-store.js';
import { SealingKeys } from './sealing/sealing-keys.js';

/** A database for an application's own tables, and the keys for what is encrypted in them. */
export interface OpenedDatabase<Tables> {
  readonly database: Kysely<Tables>;
  readonly dialect: Dialect;
  readonly sealing: SealingKeys;
}

/**
 * Opens SQLite or PostgreSQL as `openStore` does, by the same options, for an application that keeps tables of its own. It makes none.
 * @throws ConfigurationError for an address or a key that is not accepted, and for a database that cannot be opened
 */
export async function openDatabase<Tables>(
  options: Pick<StoreOptions, 'url' | 'encryptionKeys'> & ConnectionOptions,
): Promise<OpenedDatabase<Tables>> {
  try {
    const location = parseStoreUrl(options.url);
    if (location.dialect === 'sqlite') checkNotPooled(options);
    const sealing = new SealingKeys(options.encryptionKeys ?? keysFor(location));
    const database = connect(location, options) as unknown as Kysely<Tables>;
    await sql`select 1`.execute(database).catch(async (error: unknown) => {
      await database.destroy();
      throw error;
    });
    return { database, dialect: location.dialect, sealing };
  } catch (error) {
    throw toOpeningError(options.url, error);
  }
}
