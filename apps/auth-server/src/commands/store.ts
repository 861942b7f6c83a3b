import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import {
  isStoreCommand,
  readHeads,
  STORE_COMMANDS,
  storeCommand,
  type StoreCommand,
} from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { storeOptions, type Settings } from '../environment.js';
import { checkDatabaseExists, expectWords, runCommand, takeName, type Arguments } from './run-command.js';

const HELP: Record<StoreCommand, string> = {
  migrate: `Brings the schema of the database up to date. The server also does so at its start, unless MIGRATE_AT_START is false.

  migrate [--dry-run | --finish]

  --dry-run   tell what would be done, and change nothing
  --finish    once no replica of the version before is left: from now on none starts, and from their next start on, replicas write
              what it could not read, such as shorter audit records. A new database is finished from its beginning

Exit codes: 0 when it is up to date, 1 when a dry run has found something to do, 2 when it could not be brought there.`,
  'audit-verify': `Tells whether the audit trail is whole, and where it is not.

  audit-verify [--heads <file>] [--archive <file>…]

  --heads <file>     what audit-heads has written earlier: the trail must hold all of it
  --archive <file>   an archive of the trail; with all of them (--archive each), it is verified from its first record on

Gaps that were acknowledged do not count as broken; they are told, with who acknowledged them and why.

Exit codes: 0 when it is whole, 1 when a record was edited, removed or moved, 2 when it could not be told.`,
  'audit-heads': `Writes the newest record of each chain of the audit trail as JSON Lines, to be kept elsewhere.

  audit-heads

Whoever has the database and its keys can cut the trail, and a copy that was restored lacks its end: audit-verify --heads tells.

Exit codes: 0 when all is written, 2 when it could not be.`,
  'audit-acknowledge-gap': `Records in the audit trail that records of it are gone, such as after a restore or a promotion, or with an archive that is lost.

  audit-acknowledge-gap --dry-run [--heads <file>] [--archive <file>…]
  audit-acknowledge-gap --by <who> --reason <why> [--heads <file>] [--archive <file>…] [<gap>…]

  --dry-run        tell what would be acknowledged, and change nothing
  --by <who>       who acknowledges it
  --reason <why>   what happened
  --heads <file>   as for audit-verify, and so is --archive
  <gap>…           as the dry run names them; all of them unless told. The name of an archive says that it is lost for good

From then on audit-verify accepts these gaps and tells them. Whatever was edited or put in cannot be acknowledged. An archive is
acknowledged only by its name. What the database still has of it goes into the next one.

Exit codes: 0 when the trail is whole then, 1 when it is not or a dry run has found something, 2 when it could not be done.`,
  'audit-export': `Writes the audit trail as JSON Lines, the oldest record first.

  audit-export [--out <file>]

  --out <file>   a new file, readable by its owner alone; the standard output unless told

Exit codes: 0 when all is written, 2 when it could not be.`,
  'audit-archive': `Moves the old part of the audit trail into a file, and deletes it from the database.

  audit-archive --out <file> [--before <date>]
  audit-archive --dry-run [--before <date>]

  --out <file>      the archive: JSON Lines with a seal, to be kept for good
  --before <date>   what is older goes there, such as 2026-01-31 or 2026-01-31T12:00:00Z; AUDIT_RETENTION days ago unless told
  --dry-run         tell how many records would go, and change nothing

The file is written, flushed and read again before anything is deleted, in batches, with servers running. When it is stopped, run it
again with the same file. What is broken is not archived, nor what has not been forwarded yet. Progress goes to standard error.

Exit codes: 0 when it is done, 1 when the trail is broken or a dry run has found something, 2 when it could not be done.`,
  'audit-verify-archive': `Tells whether archives of the audit trail are whole, without the database.

  audit-verify-archive <file>…

It needs the keys (ENCRYPTION_KEYS) with which they were sealed. Only audit-verify --archive tells whether one is missing at the end.

Exit codes: 0 when all are whole, 1 when one is cut or changed or missing between two, 2 when it could not be told.`,
  'renew-cursors': `Begins a new epoch of the database, after it was restored by other means than this project's commands.

  renew-cursors

Every cursor that was given before is refused from then on, so guards read the revocation feed from its beginning. A restore
of PostgreSQL from a dump, a promotion, and the start on a SQLite file do so by themselves.

Exit codes: 0 when it has begun, 2 when it has not.`,
  reencrypt: `Encrypts with the first of ENCRYPTION_KEYS what is encrypted with another one, which can go afterwards.

  reencrypt

Exit codes: 0 when all is encrypted with the first key, 2 when it is not.`,
};

/** The options and flags of each command; what is not one stands for its words. */
const TAKEN: Partial<Record<StoreCommand, readonly string[]>> = {
  migrate: ['dry-run', 'finish'],
  'audit-verify': ['heads', 'archive'],
  'audit-acknowledge-gap': ['dry-run', 'by', 'reason', 'heads', 'archive', '<gap>'],
  'audit-export': ['out'],
  'audit-archive': ['dry-run', 'out', 'before'],
  'audit-verify-archive': ['<file>'],
};

/** What an operator does with the database by hand: `node dist/commands/store.js audit-verify`. */
const name = takeName();
const known = isStoreCommand(name);

await runCommand(
  {
    name: known ? name : 'store',
    help: known ? HELP[name] : Object.values(HELP).join('\n\n'),
    options: ['out', 'by', 'reason', 'heads', 'before'],
    lists: ['archive'],
    flags: ['dry-run', 'finish'],
  },
  async (settings, { words, options, lists, flags }) => {
    if (!known) throw new ConfigurationError('the command', name || undefined, STORE_COMMANDS.join(', '));
    checkTaken(TAKEN[name] ?? [], { words, options, lists, flags });
    const dryRun = flags.has('dry-run');
    if ((name !== 'migrate' || dryRun) && name !== 'audit-verify-archive') checkDatabaseExists(settings);
    const { out, heads, ...others } = options;
    if (name === 'audit-export' && out !== undefined) return runInto(resolve(out), name, settings);
    const given = {
      ...others,
      dryRun,
      finish: flags.has('finish'),
      only: words,
      archives: name === 'audit-verify-archive' ? words : lists['archive'],
      retention: settings.AUDIT_RETENTION,
      progress,
      ...(out !== undefined && { out: resolve(out) }),
      ...(heads !== undefined && { heads: readHeads(heads) }),
    };
    return storeCommand(name, { ...storeOptions(settings), ...given }, (line) => console.log(line));
  },
);

/** @throws ConfigurationError for what belongs to another command, or to none */
function checkTaken(taken: readonly string[], { words, options, lists, flags }: Arguments): void {
  expectWords(words, words.length === 0 || taken.some((each) => each.startsWith('<')), 'none');
  const accepted = taken.map((each) => `--${each}`).join(', ') || 'none';
  for (const [option, value] of Object.entries({ ...options, ...lists })) {
    expectWords([`--${option} ${String(value)}`], taken.includes(option), accepted);
  }
  for (const flag of flags) expectWords([`--${flag}`], taken.includes(flag), accepted);
}

/** Beside what a script reads. */
function progress(line: string): void {
  console.error(line);
}

/** Into a new file, which its owner alone can read, and which is there only when it is whole. */
async function runInto(path: string, name: StoreCommand, settings: Settings): Promise<number> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  await once(file, 'open').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      '--out',
      path,
      code === 'EEXIST' ? 'a file that is not there yet' : `a file that can be made (${code})`,
    );
  });
  let lines = 0;
  const work = storeCommand(name, { ...storeOptions(settings), progress }, (line) => {
    lines += 1;
    file.write(`${line}\n`);
  }).finally(() => file.end());
  try {
    const [code] = await Promise.all([work, finished(file)]);
    console.log(`${lines} records are in ${path}`);
    return code;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
