import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { z } from 'zod';

/** The environment of a process, before it is validated. */
export type EnvironmentSource = Readonly<Record<string, string | undefined>>;

/** The values of these are never printed. */
const SECRET_NAME = /SECRET|PASSWORD|PASSPHRASE|PRIVATE|TOKEN$|KEYS?$|HEADERS/;
const MAX_PRINTED = 80;

/** The process environment, completed by a file of `NAME=value` lines where the process sets nothing. */
export function loadEnvironment(file: string, process: EnvironmentSource): EnvironmentSource {
  return { ...readEnvironmentFile(file), ...dropEmpty(process) };
}

function readEnvironmentFile(file: string): EnvironmentSource {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigurationError(file, (error as NodeJS.ErrnoException).code, 'a text file that can be read');
  }
}

/**
 * Validates an environment. An empty value counts as not set, so that `NAME=` in a file gives the default.
 * @throws ConfigurationError naming the setting that is refused; an AggregateError of them when there are several
 */
export function readEnvironment<Schema extends z.ZodObject>(
  schema: Schema,
  source: EnvironmentSource,
): z.output<Schema> {
  const given = dropEmpty(source);
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => describe(issue, given));
  throw mistakes.length === 1 && mistakes[0] ? mistakes[0] : new AggregateError(mistakes);
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
