import { closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import { ConfigurationError } from '@onbehalf/oauth-protocol';

/** How a file of SQLite begins; SQLite's "Database File Format" §1.3.1. */
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;

/** The place of the file format write version, and the one of a file with a log beside it (§1.3.3). */
const WRITE_VERSION = 18;
const WITH_LOG = 2;

/** What the first bytes of a file say. */
export interface SqliteHeader {
  /** As characters of one byte each. */
  readonly text: string;
  readonly isSqlite: boolean;
  /** Whether what is written goes into a log beside it. */
  readonly isLogged: boolean;
}

/** Reads the first bytes of a file. @throws what the system says */
export function readHeader(path: string): SqliteHeader {
  const bytes = Buffer.alloc(HEADER_BYTES);
  // a FIFO would be waited for
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    readSync(file, bytes, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  const text = bytes.toString('latin1');
  return { text, isSqlite: text.startsWith(MAGIC), isLogged: bytes[WRITE_VERSION] === WITH_LOG };
}

/**
 * A folder is no database, and a FIFO would be waited for without a word.
 * @throws ConfigurationError when something else than a file is there
 */
export function checkIsFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== false) return;
  throw new ConfigurationError('DATABASE_URL', `sqlite:${path}`, 'the path of a file, or of none yet');
}

/** The log beside a file. */
export function logOf(path: string): string {
  return `${path}-wal`;
}

/**
 * SQLite would write a log that was left beside a file into it, even when another file has taken its place since, such as a backup that
 * was put back. Who has a log says so before it is there.
 * @throws ConfigurationError when the log belongs to another file
 */
export function checkLogIsOwn(path: string): void {
  const log = logOf(path);
  if (!existsSync(path) || !existsSync(log) || statSync(log).size === 0) return;
  const { isSqlite, isLogged } = readHeader(path);
  if (!isSqlite || isLogged) return;
  const accepted = `a file without the log of the one that was here before: take ${log} and ${path}-shm away`;
  throw new ConfigurationError('DATABASE_URL', `sqlite:${path}`, accepted);
}
