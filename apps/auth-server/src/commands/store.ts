import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { isStoreCommand, STORE_COMMANDS, storeCommand, type StoreCommand } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { storeOptions, type Settings } from '../environment.js';
import { checkDatabaseExists, expectWords, runCommand } from './run-command.js';

const HELP: Record<StoreCommand, string> = {
  migrate: `Brings the schema of the database up to date. The server also does so at its start, unless MIGRATE_AT_START is false.

  migrate [--dry-run]

  --dry-run   tell what would be done, and change nothing

Exit codes: 0 when it is up to date, 1 when a dry run has found something to do, 2 when it could not be brought there.`,
  'audit-verify': `Tells whether the audit trail is whole, and where it is not.

  audit-verify

Exit codes: 0 when it is whole, 1 when a record was edited, removed or moved, 2 when it could not be told.`,
  'audit-export': `Writes the audit trail as JSON Lines, the oldest record first.

  audit-export [--out <file>]

  --out <file>   write to a file instead of the standard output, where Nx adds lines of its own

Exit codes: 0 when all is written, 2 when it could not be.`,
  'renew-cursors': `Begins a new epoch of the database, after it was restored by other means than this project's commands.

  renew-cursors

Every cursor that was given before is refused from then on, so guards read the revocation feed from its beginning. A restore
of PostgreSQL from a dump, a promotion, and the start on a SQLite file do so by themselves.

Exit codes: 0 when it has begun, 2 when it has not.`,
  reencrypt: `Encrypts with the first of ENCRYPTION_KEYS what is encrypted with another one, which can go afterwards.

  reencrypt

Exit codes: 0 when all is encrypted with the first key, 2 when it is not.`,
};

/** What an operator does with the database by hand: `node dist/commands/store.js audit-verify`. */
const [name = ''] = process.argv.splice(2, 1);
const known = isStoreCommand(name);

await runCommand(
  {
    name: known ? name : 'store',
    help: known ? HELP[name] : Object.values(HELP).join('\n\n'),
    options: ['out'],
    flags: ['dry-run'],
  },
  async (settings, { words, options: { out }, flags }) => {
    const dryRun = flags.has('dry-run');
    if (!known) throw new ConfigurationError('the command', name || undefined, STORE_COMMANDS.join(', '));
    expectWords(words, words.length === 0, 'none');
    expectWords([`--out ${out}`], out === undefined || name === 'audit-export', 'none');
    expectWords(['--dry-run'], !dryRun || name === 'migrate', 'none');
    if (name !== 'migrate' || dryRun) checkDatabaseExists(settings);
    return out === undefined
      ? run({ name, dryRun }, settings, (line) => console.log(line))
      : runInto(resolve(out), name, settings);
  },
);

function run(
  { name, dryRun = false }: { readonly name: StoreCommand; readonly dryRun?: boolean },
  settings: Settings,
  write: (line: string) => void,
): Promise<number> {
  return storeCommand(name, { ...storeOptions(settings), dryRun }, write);
}

async function runInto(path: string, name: StoreCommand, settings: Settings): Promise<number> {
  const file = createWriteStream(path, { mode: 0o600 });
  let lines = 0;
  const work = run({ name }, settings, (line) => {
    lines += 1;
    file.write(`${line}\n`);
  }).finally(() => file.end());
  const [code] = await Promise.all([work, finished(file)]);
  console.log(`${lines} records are in ${path}`);
  return code;
}
