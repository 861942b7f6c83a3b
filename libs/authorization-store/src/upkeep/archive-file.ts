import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { link, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Kysely } from 'kysely';
import { ArchiveDigest, headerOf, lineOf, sealArchive, type ArchiveHeader } from '../archive/archive-format.js';
import type { Schema } from '../database/schema/schema.js';
import { flush } from '../files/flush.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import { pagesOf } from '../verification/stored-chains.js';

/**
 * Writes an archive to a new file, readable by its owner alone. It has another name until it is whole and on the disk; what a run that
 * was stopped has left under that name is taken away.
 * @param progress is told how many records are written by now, and waited for
 * @throws ConfigurationError for a file that cannot be made
 */
export async function writeArchive(
  path: string,
  header: Omit<ArchiveHeader, 'format'>,
  { database, sealing }: { readonly database: Kysely<Schema>; readonly sealing: SealingKeys },
  progress: (written: number) => void | Promise<void>,
): Promise<void> {
  const draft = `${path}.part`;
  // a new file, whatever stands there: somebody else may be able to read that one, or may still write to it
  await rm(draft, { force: true }).catch(() => undefined);
  const file = createWriteStream(draft, { flags: 'wx', mode: 0o600 });
  const done = finished(file);
  // a full disk is noticed at the next line
  done.catch(() => undefined);
  const digest = new ArchiveDigest();
  const write = async (line: string) => {
    digest.add(line);
    if (!file.write(`${line}\n`)) await Promise.race([once(file, 'drain'), done]);
  };
  try {
    await write(JSON.stringify(headerOf(header)));
    let records = 0;
    for (const { writer, from, to } of header.segments) {
      for await (const page of pagesOf(database, { writer, after: from - 1, last: to })) {
        for (const record of page) await write(lineOf(record));
        records += page.length;
        await progress(records);
      }
    }
    file.end(`${JSON.stringify(sealArchive({ archive: header.archive, records, digest: digest.end() }, sealing))}\n`);
    await done;
    await flush(draft);
    await link(draft, path);
  } catch (error) {
    throw notWritten(path, error as NodeJS.ErrnoException);
  } finally {
    file.destroy();
    await rm(draft, { force: true });
  }
  await flush(dirname(resolve(path)));
}

function notWritten(path: string, error: NodeJS.ErrnoException): Error {
  if (error.syscall === undefined) return error;
  return new ConfigurationError('--out', path, `a file that can be made (${error.code})`);
}
