import { link, open, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { flush } from '../files/flush.js';

/**
 * Writes a file that its owner alone can read. It has another name until it is whole and on the disk, and never takes the place of
 * one that is there.
 * @param write writes into the empty file of this path
 * @throws ConfigurationError when there is such a file, or it cannot be made
 */
export async function writeNewFile(path: string, write: (draft: string) => Promise<void>): Promise<void> {
  if (existsSync(path)) throw taken(path);
  const draft = `${path}.part`;
  await make(draft);
  try {
    await write(draft);
    await flush(draft);
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? taken(path) : error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  await flush(dirname(resolve(path)));
}

async function make(draft: string): Promise<void> {
  try {
    await (await open(draft, 'wx', 0o600)).close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const accepted = code === 'EEXIST' ? 'a name that nobody writes to' : `a file that can be made (${code})`;
    throw new ConfigurationError(
      'the file of the backup',
      code === 'EEXIST' ? draft : draft.slice(0, -'.part'.length),
      accepted,
    );
  }
}

function taken(path: string): ConfigurationError {
  return new ConfigurationError(
    'the file of the backup',
    path,
    'a file that is not there yet: no backup is written over another',
  );
}
