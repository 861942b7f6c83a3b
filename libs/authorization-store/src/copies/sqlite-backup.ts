import * as sqlite from 'node:sqlite';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { checkLogIsOwn } from '../database/sqlite/sqlite-file.js';

/** More pages than a file can have: all are copied in one step, of one moment, while others write. */
const ALL_PAGES = 2 ** 31 - 1;

/** Milliseconds for the wait while somebody opens or closes the file. */
const TIMEOUT = 5000;

/**
 * Copies a SQLite file by SQLite's own means, whoever writes to it: what was committed before is in the copy, what comes later is not.
 * The copy is one file, without a log beside it.
 * @param to an empty file
 */
export async function backUpSqlite(path: string, to: string): Promise<void> {
  // Node has it since 22.16
  if (!('backup' in sqlite)) throw new ConfigurationError('Node.js', process.version, '22.16 or newer, for backups');
  checkLogIsOwn(path);
  const source = new sqlite.DatabaseSync(path, { timeout: TIMEOUT });
  try {
    await sqlite.backup(source, to, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
  const copy = new sqlite.DatabaseSync(to);
  copy.exec('pragma journal_mode = delete');
  copy.close();
}
