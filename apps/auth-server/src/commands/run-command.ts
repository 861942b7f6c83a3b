import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openMigrated, SealBroken, type AuthorizationStore } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { loadEnvironment, readEnvironment } from '@onbehalf/service-host';
import { environment, storeOptions, type Settings } from '../environment.js';

/** A command for the operator of the server. */
export interface Command {
  readonly name: string;
  /** What it does, and its words and options if it has any. */
  readonly help: string;
  /** Options with a value; `--help` is every command's. */
  readonly options?: readonly string[];
  /** Options with a value that may stand there several times. */
  readonly lists?: readonly string[];
  /** Options without one. */
  readonly flags?: readonly string[];
}

/** What was written behind the name of a command. */
export interface Arguments {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly lists: Readonly<Record<string, readonly string[] | undefined>>;
  readonly flags: ReadonlySet<string>;
}

/** The work could not be begun or ended, as opposed to an answer that is bad news (1). */
const NOT_DONE = 2;

type Option = { readonly type: 'string' | 'boolean'; readonly multiple?: boolean };

/** What every command's help ends with. */
const SETTINGS = `It reads the settings of the server (DATABASE_URL, ENCRYPTION_KEYS, …) from the environment and from .env in
apps/auth-server, where relative paths begin, too.`;

/**
 * Runs a command with the arguments of this process and the settings of the server. What keeps it from running is one
 * line, and exit code 2.
 * @param work returns the exit code, 0 unless told
 */
export async function runCommand(
  command: Command,
  work: (settings: Settings, given: Arguments) => Promise<number | void>,
): Promise<void> {
  try {
    const given = readArguments(command);
    if (given === undefined) return void process.stdout.write(`${command.help}\n\n${SETTINGS}\n`);
    process.exitCode = (await work(readEnvironment(environment, loadEnvironment('.env', process.env)), given)) ?? 0;
  } catch (error) {
    for (const line of new Set(explain(error))) process.stderr.write(`${command.name}: ${line}\n`);
    process.exitCode = NOT_DONE;
  }
}

/**
 * A key's id may begin with a dash: what is no option of the command is one of its words, which each command checks.
 * @returns nothing when help was asked for
 */
function readArguments({ options = [], lists = [], flags = [] }: Command): Arguments | undefined {
  const known = ['', ...options, ...lists, ...flags, 'help'].map((name) => `--${name}`);
  const written = process.argv.slice(2);
  const dashed = written.filter((argument) => argument.startsWith('-') && !known.includes(argument.split('=', 1)[0]!));
  const others = written.filter((argument) => !dashed.includes(argument));
  checkValues(others, [...options, ...lists]);
  const named = options.map((name) => [name, { type: 'string' }] as const);
  const repeated = lists.map((name) => [name, { type: 'string', multiple: true }] as const);
  const switches = [...flags, 'help'].map((name) => [name, { type: 'boolean' }] as const);
  const { values, positionals } = parseArgs({
    args: others.includes('--') ? [...others, ...dashed] : [...others, '--', ...dashed],
    allowPositionals: true,
    options: Object.fromEntries<Option>([...named, ...repeated, ...switches]),
  });
  if (values['help']) return undefined;
  const valued = Object.entries(values).filter((each): each is [string, string] => typeof each[1] === 'string');
  const several = Object.entries(values).filter((each): each is [string, string[]] => Array.isArray(each[1]));
  const given = new Set(flags.filter((flag) => values[flag]));
  return {
    words: positionals,
    options: Object.fromEntries(valued),
    lists: Object.fromEntries(several),
    flags: given,
  };
}

/** @throws ConfigurationError for an option that another one, or nothing, follows in the place of its value */
function checkValues(written: readonly string[], valued: readonly string[]): void {
  const end = written.includes('--') ? written.indexOf('--') : written.length;
  for (const [index, argument] of written.slice(0, end).entries()) {
    if (!argument.startsWith('--') || !valued.includes(argument.slice(2))) continue;
    const next = written[index + 1];
    const isThere = next !== undefined && !next.startsWith('--');
    if (!isThere) throw new ConfigurationError(argument, undefined, `a value, such as ${argument}=…`);
  }
}

/** Takes the name of one of several commands off the command line; empty where an option, such as `--help`, stands in its place. */
export function takeName(): string {
  const isName = process.argv[2]?.startsWith('-') === false;
  return isName ? (process.argv.splice(2, 1)[0] ?? '') : '';
}

function explain(error: unknown): string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(explain);
  if (error instanceof SealBroken) {
    return explain(
      new ConfigurationError('ENCRYPTION_KEYS', '(hidden)', 'the keys with which this database was encrypted'),
    );
  }
  return [(error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!];
}

/** @throws ConfigurationError for words that the command does not know */
export function expectWords(words: readonly string[], known: boolean, accepted: string): void {
  if (!known) throw new ConfigurationError('the argument', words.join(' '), `${accepted}; see --help`);
}

/**
 * A database that is not there is a mistake in its address: who asks about an empty one that was just made, is told that
 * all is well.
 * @throws ConfigurationError
 */
export function checkDatabaseExists({ DATABASE_URL: url }: Settings): void {
  const path = /^sqlite:(?!:memory:$)(.+)/.exec(url)?.[1];
  if (path === undefined || existsSync(path)) return;
  throw new ConfigurationError(
    'DATABASE_URL',
    url,
    'a database that is there; the server makes it, and so does migrate',
  );
}

/** Lends the store to `work` and closes it afterwards. */
export async function withStore<Result>(
  settings: Settings,
  work: (store: AuthorizationStore) => Promise<Result>,
): Promise<Result> {
  checkDatabaseExists(settings);
  const store = await openMigrated(storeOptions(settings));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
