import { resolve } from 'node:path';
import { backUp, checkCopy, moveToPostgres, readHeads } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { storeOptions, type Settings } from '../environment.js';
import { checkDatabaseExists, expectWords, runCommand, takeName, type Arguments } from './run-command.js';

interface CopyCommand {
  readonly help: string;
  readonly options?: readonly string[];
  /** Returns the exit code. */
  readonly run: (settings: Settings, given: Arguments, write: (line: string) => void) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, CopyCommand>> = {
  backup: {
    help: `Copies the database into a file while the server writes to it.

  backup --out <file>

  --out <file>   where to: a file that is not there yet, and not in the folder of the key of a SQLite file

SQLite is copied by its own backup, PostgreSQL by pg_dump, which must be as new as the server. The keys (ENCRYPTION_KEYS, or the file
beside a SQLite file) are not in the copy: keep them in another place, for one is useless without the other.

Exit codes: 0 when the backup is whole and on the disk, 2 when there is none.`,
    options: ['out'],
    run: async (settings, { words, options: { out } }, write) => {
      expectWords(words, words.length === 0, '--out <file>');
      if (out === undefined) throw new ConfigurationError('--out', undefined, 'the file that the backup is written to');
      checkDatabaseExists(settings);
      await backUp(storeOptions(settings), resolve(out), write);
      return 0;
    },
  },
  'restore-check': {
    help: `Tells whether a copy of the database could take its place, and changes nothing.

  restore-check [<file>] [--heads <file>]

  --heads <file>   what audit-heads has written earlier: the copy must hold all of it

It is to be whole, of a schema that this version can use, opened by the keys, and with a whole audit trail; its rows are counted.

<file> is a copy of a SQLite file; without it, the database of DATABASE_URL is checked, such as the one that a dump of PostgreSQL was
restored into. A copy is opened with ENCRYPTION_KEYS, or with the key beside the file of DATABASE_URL.

Exit codes: 0 when it could, 1 when it is broken or lacks what was there, 2 when it could not be told.`,
    options: ['heads'],
    run: async (settings, { words: [file, ...others], options: { heads } }, write) => {
      expectWords(others, others.length === 0, 'one file');
      if (file === undefined) checkDatabaseExists(settings);
      const kept = heads === undefined ? undefined : readHeads(heads);
      return checkCopy({ ...storeOptions(settings), heads: kept }, file && resolve(file), write);
    },
  },
  'move-to-postgres': {
    help: `Moves everything from a SQLite file into the PostgreSQL of DATABASE_URL.

  move-to-postgres --from <file>

  --from <file>   the SQLite file; its key is read from the file beside it, unless it is among ENCRYPTION_KEYS

DATABASE_URL and ENCRYPTION_KEYS are those of the server that goes on. No server may have the file open, and the database must be empty.
Everything moves in one transaction, is sealed with the first of ENCRYPTION_KEYS, and is verified before it counts. The file stays as it is.

Exit codes: 0 when everything has moved, 1 when the audit trail is broken, 2 when it could not be done; then nothing has moved.`,
    options: ['from'],
    run: (settings, { words, options: { from } }, write) => {
      expectWords(words, words.length === 0, '--from <file>');
      if (from === undefined) throw new ConfigurationError('--from', undefined, 'the SQLite file that is moved');
      return moveToPostgres(storeOptions(settings), resolve(from.replace(/^sqlite:/, '')), write);
    },
  },
};

/** What an operator does with copies of the database: `node dist/commands/copies.js backup --out /backups/today.db`. */
const name = takeName();
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
const all = Object.values(COMMANDS);

await runCommand(
  {
    name: command ? name : 'copies',
    help: command?.help ?? all.map(({ help }) => help).join('\n\n'),
    options: (command ? [command] : all).flatMap(({ options = [] }) => options),
  },
  (settings, given) => {
    if (!command) throw new ConfigurationError('the command', name || undefined, Object.keys(COMMANDS).join(', '));
    return command.run(settings, given, (line) => console.log(line));
  },
);
