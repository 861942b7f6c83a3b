import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The keys in `<database>.key`, one a line, the current one first. The file is created when there is none. */
export function keysBeside(database: string): string[] {
  const path = `${database}.key`;
  try {
    return read(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(dirname(path), { recursive: true });
  create(path);
  return read(path);
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
  return readFileSync(path, 'utf8').split('\n').filter(Boolean);
}
