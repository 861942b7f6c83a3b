import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { parseStoreUrl } from '../database/address/store-url.js';
import type { StoreOptions } from '../open-store.js';
import { keyFileOf, keysIn } from '../sealing/key-file.js';
import { SealingKeys } from '../sealing/sealing-keys.js';
import { ArchivedTrail } from '../verification/archived-trail.js';
import { nameOfGap } from '../verification/audit-gap.js';
import { count } from './tell-verification.js';

type Options = Pick<StoreOptions, 'url' | 'encryptionKeys'> & { readonly archives?: readonly string[] | undefined };

/**
 * Verifies archives without the database, by the keys alone.
 * @returns 0 when all are whole, and 1 when one is not
 * @throws ConfigurationError
 */
export async function verifyArchives(options: Options, write: (line: string) => void): Promise<number> {
  const { archives = [] } = options;
  if (archives.length === 0) throw new ConfigurationError('the archive', undefined, 'the files of archives');
  const trail = await ArchivedTrail.read(archives, new SealingKeys(keysOf(options)));
  const breaks = trail.breaksAlone();
  for (const { path, archive, before, records, segments } of trail.archives) {
    if (breaks.some((each) => each.archive === path)) continue;
    const held = `${count(records, 'record')} of ${count(segments.length, 'chain')}`;
    write(`whole: ${path}: archive ${archive}, ${held}, before ${before}`);
  }
  for (const gap of trail.gaps) write(`gone before it was archived: ${nameOfGap(gap)}`);
  for (const { archive, reason } of breaks) write(`broken archive ${archive}: ${reason}`);
  return breaks.length === 0 ? 0 : 1;
}

function keysOf({ url, encryptionKeys }: Options): readonly string[] {
  if (encryptionKeys) return encryptionKeys;
  const location = parseStoreUrl(url);
  return location.dialect === 'sqlite' ? keysIn(keyFileOf(location.path)) : [];
}
