import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import type { ConfigSection } from './schema/config-section.js';
import { checkReferences } from './checks/check-references.js';
import type { PagesConfig } from './schema/pages.schema.js';
import { resolveVariables, type Environment } from './resolve-variables.js';
import { configSchemaWith } from './schema/extended-schema.js';
import type { ServerConfig } from './schema/server-config.schema.js';
import { checkForgottenDefault, checkShippedCredentials } from './checks/shipped-credentials.js';

/** Where a configuration comes from, and what it may say beside what this library understands. */
export interface ConfigContext {
  /** As mistakes name it. */
  readonly file?: string;
  /** Whom it is for: unless that is on this machine, what ships with the project is refused. */
  readonly issuer?: string;
  /** Default none. */
  readonly sections?: readonly ConfigSection[];
}

const SECRET = /secret|password|jwks|^keys$/i;

/**
 * Reads the configuration of the server from a YAML or JSON file and checks it.
 * @throws ConfigurationError naming the setting, what was given and what is accepted
 */
export function readServerConfig(
  path: string,
  environment: Environment,
  context: Omit<ConfigContext, 'file'> = {},
): ServerConfig {
  const file = basename(path);
  const config = parseServerConfig(parseFile(readFile(path), file), environment, { ...context, file });
  return { ...config, pages: besideFile(config.pages, path) };
}

/**
 * Checks a configuration that is already an object, with `${VARIABLE}`s still in it.
 * @throws ConfigurationError naming the setting, what was given and what is accepted
 */
export function parseServerConfig(
  raw: unknown,
  environment: Environment,
  { file = 'configuration', issuer = 'http://localhost', sections = [] }: ConfigContext = {},
): ServerConfig {
  const resolved = resolveVariables(raw, environment, file, (variable, value, path) =>
    checkForgottenDefault(variable, value, path, issuer),
  );
  const schema = configSchemaWith(sections);
  const asText = schema.safeParse(resolved);
  if (asText.error) readScalars(asText.error.issues, raw, resolved);
  const { success, data, error } = asText.success ? asText : schema.safeParse(resolved);
  if (!success) throw toConfigurationError(error, resolved, file);
  checkReferences(data, file, sections);
  checkShippedCredentials(data, issuer, file);
  return data;
}

/** Files of the pages stand beside the configuration file, wherever the server is started. */
function besideFile({ logo, languages, ...pages }: PagesConfig, path: string): PagesConfig {
  const place = (each: string): string => resolve(dirname(path), each);
  return {
    ...pages,
    ...(logo !== undefined && { logo: /^[a-z]{2,}:/i.test(logo) ? logo : place(logo) }),
    ...(languages !== undefined && { languages: place(languages) }),
  };
}

/** A variable is text: where a number, `true` or `false` is expected and a variable gives one, it counts as that. */
function readScalars(issues: readonly z.core.$ZodIssue[], raw: unknown, resolved: unknown): void {
  for (const { code, path, ...issue } of issues) {
    const written = valueAt(raw, path);
    if (code !== 'invalid_type' || typeof written !== 'string' || !written.includes('${')) continue;
    const given = String(valueAt(resolved, path));
    const { expected } = issue as { expected?: string };
    const isScalar = expected === 'boolean' ? /^(true|false)$/ : /^-?(0|[1-9]\d{0,14})$/;
    const holder = valueAt(resolved, path.slice(0, -1)) as Record<PropertyKey, unknown>;
    if (isScalar.test(given) && expected !== 'string') holder[path.at(-1)!] = JSON.parse(given) as unknown;
  }
}

function readFile(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const reason = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'not in UTF-8' : code;
    throw new ConfigurationError('AUTH_SERVER_CONFIG', path, `a readable YAML or JSON file (${reason})`);
  }
}

function parseFile(text: string, file: string): unknown {
  // what it does not understand is a mistake, too: an unknown tag would be passed over
  const document = parseDocument(text, { logLevel: 'error' });
  const mistake = document.errors[0] ?? document.warnings[0];
  if (mistake) throw new ConfigurationError(file, `broken at line ${mistake.linePos?.[0].line ?? '?'}`, 'YAML or JSON');
  try {
    const value = document.toJS() as unknown;
    // throws for what holds itself
    JSON.stringify(value);
    return value;
  } catch (error) {
    // of an alias that nothing defines, of too many, or of what it stands in
    throw new ConfigurationError(file, `broken: ${(error as Error).message.split('\n', 1)[0]}`, 'YAML or JSON');
  }
}

function toConfigurationError(error: z.ZodError, raw: unknown, file: string): ConfigurationError {
  const issue = error.issues[0]!;
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
  const setting = `${file}: ${formatPath(path)}`;
  const given = path.some((step) => SECRET.test(String(step))) ? '(hidden)' : valueAt(raw, path);
  return new ConfigurationError(setting, given, unknownKey === undefined ? issue.message : 'no such setting here');
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i ? '.' : ''}${String(step)}`)).join('');
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], raw);
}
