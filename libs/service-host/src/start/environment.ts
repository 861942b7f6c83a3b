import { parseEnv } from 'node:util';
import { ConfigurationError, readSmallFile, valueOrFile } from '@onbehalf/oauth-protocol';
import type { z } from 'zod';

/** The environment of a process, before it is validated. */
export type EnvironmentSource = Readonly<Record<string, string | undefined>>;

/** The values of these are never printed. */
const SECRET_NAME = /SECRET|PASSWORD|PASSPHRASE|PRIVATE|TOKEN$|KEYS?$|HEADERS/;
/** Bytes of a file. */
const LARGEST = 1024 * 1024;
const MAX_PRINTED = 80;

/** The process environment, completed by a file of `NAME=value` lines where the process sets nothing. */
export function loadEnvironment(file: string, process: EnvironmentSource): EnvironmentSource {
  return { ...readEnvironmentFile(file), ...dropEmpty(process) };
}

function readEnvironmentFile(file: string): EnvironmentSource {
  try {
    return parseEnv(readSmallFile(file, LARGEST).toString());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigurationError(file, (error as NodeJS.ErrnoException).code, 'a text file that can be read');
  }
}

/**
 * Validates an environment. An empty value counts as not set, so that `NAME=` in a file gives the default. Every setting may stand in
 * a file instead, which `NAME_FILE` names.
 * @throws ConfigurationError naming the setting that is refused; an AggregateError of them when there are several
 */
export function readEnvironment<Schema extends z.ZodObject>(
  schema: Schema,
  source: EnvironmentSource,
): z.output<Schema> {
  const { given, unreadable } = readFiles(Object.keys(schema.shape), dropEmpty(source));
  const result = schema.safeParse(given);
  if (result.success && unreadable.length === 0) return result.data;
  const names = unreadable.map(({ setting }) => setting);
  const refused = (result.error?.issues ?? []).filter(({ path }) => !names.includes(`${String(path[0])}_FILE`));
  const mistakes = [...unreadable, ...refused.map((issue) => describe(issue, given))];
  throw mistakes.length === 1 && mistakes[0] ? mistakes[0] : new AggregateError(mistakes);
}

/** Puts the content of files in the place of the settings that stand in them. */
function readFiles(names: readonly string[], source: EnvironmentSource) {
  const given: Record<string, string | undefined> = { ...source };
  const unreadable: ConfigurationError[] = [];
  for (const name of names) {
    try {
      given[name] = valueOrFile(name, source);
    } catch (error) {
      unreadable.push(error as ConfigurationError);
    }
  }
  return { given, unreadable };
}

function dropEmpty(source: EnvironmentSource): EnvironmentSource {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value.trim() !== ''));
}

function describe(issue: z.core.$ZodIssue, given: EnvironmentSource): ConfigurationError {
  const name = String(issue.path[0] ?? 'the environment');
  return new ConfigurationError(name, printable(name, given[name]), issue.message);
}

function printable(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (SECRET_NAME.test(name)) return '(not shown)';
  const safe = value.replace(/\/\/[^/@\s]*@/, '//…@');
  return safe.length > MAX_PRINTED ? `${safe.slice(0, MAX_PRINTED)}…` : safe;
}
