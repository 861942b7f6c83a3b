import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigurationError, readSmallFile } from '@onbehalf/oauth-protocol';

/** Bytes; a key has 45. */
const LARGEST = 64 * 1024;

/** The file that the keys of a SQLite file stand in, unless they are given. */
export function keyFileOf(database: string): string {
  return `${database}.key`;
}

/** The keys in a file that must be there. @throws ConfigurationError */
export function keysIn(path: string): string[] {
  try {
    return read(path);
  } catch (error) {
    const accepted = `the keys of this database; they are not in ${path} (${(error as NodeJS.ErrnoException).code})`;
    throw new ConfigurationError('ENCRYPTION_KEYS', undefined, accepted);
  }
}

/** The keys in `<database>.key`, one a line, the current one first. The file is created when there is none. @throws ConfigurationError when it is lost */
export function keysBeside(database: string): string[] {
  const path = keyFileOf(database);
  try {
    return read(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (holdsSealed(database)) {
    const accepted = `the keys of this database, whose file ${path} is not there any more: put it back, or give them`;
    throw new ConfigurationError('ENCRYPTION_KEYS', undefined, accepted);
  }
  mkdirSync(dirname(path), { recursive: true });
  create(path);
  return read(path);
}

/** Whether anything is encrypted in the database: a new key would be no use for it, and hide that the old one is lost. */
function holdsSealed(path: string): boolean {
  if (!existsSync(path) || statSync(path).size === 0) return false;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const sealing = database.prepare(
      "select name from sqlite_schema where type = 'table' and sql like '%sealed_with%'",
    );
    return sealing
      .all()
      .some(({ name }) => database.prepare(`select 1 from "${String(name)}" limit 1`).get() !== undefined);
  } finally {
    database.close();
  }
}

/** Under another name first: whoever starts at the same time sees the whole key or none, and the first one wins. */
function create(path: string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}

function read(path: string): string[] {
  return readSmallFile(path, LARGEST).toString().split('\n').filter(Boolean);
}
