import { existsSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { writeNewFile } from './copies/new-file.js';
import { dumpPostgres } from './copies/postgres-dump.js';
import { backUpSqlite } from './copies/sqlite-backup.js';
import { connect } from './database/connect.js';
import { parseStoreUrl, type StoreLocation } from './database/address/store-url.js';
import type { StoreOptions } from './open-store.js';
import { keyFileOf } from './sealing/key-file.js';

/**
 * Copies the database while it is in use. The keys are not in the copy.
 * @param file where to; it must not be there yet, nor in the folder of the keys
 * @throws ConfigurationError
 */
export async function backUp(options: StoreOptions, file: string, write: (line: string) => void): Promise<void> {
  const location = parseStoreUrl(options.url);
  if (location.dialect === 'sqlite') {
    checkApart(location.path, options, file);
    await writeNewFile(file, (draft) => backUpSqlite(location.path, draft));
  } else {
    const database = connect(location, { ...options, connections: 1 });
    try {
      await writeNewFile(file, (draft) => dumpPostgres(database, location.url, draft, options.password?.()));
    } finally {
      await database.destroy();
    }
  }
  write(`the backup is in ${file}`);
  write(whereKeysAre(location, options));
}

function whereKeysAre(location: StoreLocation, { encryptionKeys }: StoreOptions): string {
  const own = location.dialect === 'sqlite' && encryptionKeys === undefined ? keyFileOf(location.path) : undefined;
  if (own !== undefined && !existsSync(own))
    return `there is no key in ${own}: nothing that is sealed in it can be opened`;
  return `its keys are not in it: keep a copy of ${own ?? 'ENCRYPTION_KEYS'} in another place; without them the backup cannot be opened`;
}

/** Who finds a backup must not find its key with it. */
function checkApart(path: string, { encryptionKeys }: StoreOptions, file: string): void {
  if (path === ':memory:') {
    throw new ConfigurationError('DATABASE_URL', 'sqlite::memory:', 'a database that does not end with its process');
  }
  if (!existsSync(path)) throw new ConfigurationError('DATABASE_URL', `sqlite:${path}`, 'a database that is there');
  const key = resolve(keyFileOf(path));
  if (encryptionKeys !== undefined || folderOf(file) !== folderOf(key)) return;
  throw new ConfigurationError(
    'the file of the backup',
    file,
    `a file in another folder than the key of the database (${key})`,
  );
}

function folderOf(path: string): string {
  const folder = dirname(resolve(path));
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
