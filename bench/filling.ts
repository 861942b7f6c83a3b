/** Fills a database before its authorization server starts, through the store itself. */
import { closeSync, cpSync, fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { openStore } from '@onbehalf/authorization-store';
import { chain, type Keys, type SubjectToken } from './tokens.ts';

/**
 * Subject tokens of each kind. Each exchange of a window has its own, as behind clients that keep what they were given: no
 * cache of tokens decides, and the database finds each in another place.
 */
const POOL = 1000;
/** Between the numbers of users that follow each other, so that their names stand apart in an index. */
const STRIDE = 7919;
/** Audit records that are written at a time; the trail takes no more than 10,000. */
const BATCH = 8000;
/** Here the thousands of commits of a large audit trail cost no flushes to disk. */
const MEMORY = '/dev/shm';
/** Bytes of one audit record in its table and indexes, and the records from which on memory is worth the copy. */
const RECORD = 2000;
const MANY = 100_000;

export interface Filling {
  readonly issuer: string;
  /** Of the tree whose server it is for. Default: that of this one. */
  readonly openStore?: typeof openStore;
  readonly encryptionKey?: string;
  /** Users whom the subject tokens are of, in turns. Default: 10. */
  readonly users?: number;
  /** Records that the audit trail holds. */
  readonly auditRows?: number;
  /** Depths of the chains of the subject tokens; one pool for each. Default: one without a chain. */
  readonly depths?: readonly number[];
}

/** Subject tokens by the depth of their chain. */
export type Subjects = ReadonlyMap<number, readonly SubjectToken[]>;

/** Fills the database at `url`, which is a new one. */
export async function fill(url: string, keys: Keys, filling: Filling): Promise<Subjects> {
  const { issuer, encryptionKey, users = 10, auditRows = 0, depths = [0] } = filling;
  const encryption = encryptionKey === undefined ? {} : { encryptionKeys: [encryptionKey] };
  const open = filling.openStore ?? openStore;
  const store = await open({ url, issuer, ...encryption, sweepInterval: 0 });
  const subjects = new Map<number, readonly SubjectToken[]>();
  for (const depth of depths) {
    const act = chain(depth);
    const tokens = Array.from({ length: POOL }, async (_, index) => {
      const sub = `user-${(index * STRIDE) % users}`;
      return { sub, token: await keys.subjectToken(issuer, { sub, number: index, ...(act && { act }) }, store.tokens) };
    });
    subjects.set(depth, await Promise.all(tokens));
  }
  const event = { type: 'token_exchange', outcome: 'issued', clientId: 'user-service', subject: 'user-0' };
  for (let left = auditRows; left > 0; left -= BATCH) {
    await Promise.all(Array.from({ length: Math.min(left, BATCH) }, () => store.audit.append(event)));
  }
  await store.close();
  return subjects;
}

/** Fills a SQLite file, which has a folder to itself with what belongs to it. */
export async function fillFile(path: string, keys: Keys, filling: Filling): Promise<Subjects> {
  const folder = dirname(path);
  mkdirSync(folder);
  const { auditRows = 0 } = filling;
  if (auditRows < MANY || !hasRoom(auditRows * RECORD)) return fill(`sqlite:${path}`, keys, filling);
  const memory = mkdtempSync(join(MEMORY, 'onbehalf-bench-'));
  const free = (): void => rmSync(memory, { recursive: true, force: true });
  // also when the run is interrupted meanwhile
  process.once('exit', free);
  try {
    const subjects = await fill(`sqlite:${join(memory, relative(folder, path))}`, keys, filling);
    cpSync(memory, folder, { recursive: true });
    flush(path);
    return subjects;
  } finally {
    process.removeListener('exit', free);
    free();
  }
}

function hasRoom(bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > bytes;
  } catch {
    return false; // there is no such place
  }
}

/** Now, and not while something is measured. */
function flush(path: string): void {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}
