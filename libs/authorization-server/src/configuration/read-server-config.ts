import { basename, dirname, resolve } from 'node:path';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { z } from 'zod';
import { referenceMistakes } from './checks/check-references.js';
import { checkForgottenDefault, shippedMistakes } from './checks/shipped-credentials.js';
import { readYaml } from './read-yaml.js';
import { resolveVariables, type Environment } from './resolve-variables.js';
import type { ConfigSection } from './schema/config-section.js';
import { configSchemaWith } from './schema/extended-schema.js';
import type { PagesConfig } from './schema/pages.schema.js';
import type { ServerConfig } from './schema/server-config.schema.js';
import { standIn } from './stand-ins.js';

/** Where a configuration comes from, and what it may say beside what this library understands. */
export interface ConfigContext {
  /** As mistakes name it. */
  readonly file?: string;
  /** Whom it is for: unless that is on this machine, what ships with the project is refused. */
  readonly issuer?: string;
  /** Default none. */
  readonly sections?: readonly ConfigSection[];
  /** The file is looked at where its secrets are not: variables that are not set are no mistake. */
  readonly withoutSecrets?: boolean;
  /** The line of a setting, by its path such as `clients[0].secret`. */
  readonly lineOf?: (path: string) => number | undefined;
}

const SECRET = /secret|password|jwks|^keys$/i;
/** Of a setting that is not known, which may be a misspelled one. */
const LIKE_SECRET = /se?cr|pas|pwd|hash|key|jwk/i;

/**
 * Reads the configuration of the server from a YAML or JSON file and checks it.
 * @throws ConfigurationError naming the line, the setting, what was given and what is accepted; an AggregateError of them when
 * there are several
 */
export function readServerConfig(
  path: string,
  environment: Environment,
  context: Omit<ConfigContext, 'file' | 'lineOf'> = {},
): ServerConfig {
  const file = basename(path);
  const { value, lineOf } = readYaml(path);
  const config = parseServerConfig(value, environment, { ...context, file, lineOf });
  return { ...config, pages: besideFile(config.pages, path) };
}

/**
 * Checks a configuration that is already an object, with `${VARIABLE}`s still in it.
 * @throws ConfigurationError naming the setting, what was given and what is accepted; an AggregateError of them when there are
 * several
 */
export function parseServerConfig(raw: unknown, environment: Environment, context: ConfigContext = {}): ServerConfig {
  const { file = 'configuration', issuer = 'http://localhost', sections = [] } = context;
  const { resolved, mistakes } = resolveAll(raw, environment, context);
  const schema = configSchemaWith(sections);
  const issues = (): readonly z.core.$ZodIssue[] => schema.safeParse(resolved).error?.issues ?? [];
  readScalars(issues(), raw, resolved);
  standIn(resolved, issues);
  const { data, error } = schema.safeParse(resolved);
  if (error) throw allOf([...mistakes, ...toMistakes(error, resolved, file)], context);
  mistakes.push(...referenceMistakes(data, file, sections), ...shippedMistakes(data, issuer, file));
  if (mistakes.length > 0) throw allOf(mistakes, context);
  return data;
}

function resolveAll(
  raw: unknown,
  environment: Environment,
  context: ConfigContext,
): { readonly resolved: unknown; readonly mistakes: ConfigurationError[] } {
  const { issuer = 'http://localhost', withoutSecrets = false } = context;
  const mistakes: ConfigurationError[] = [];
  const nameOf = (path: string): string => settingName(path, context);
  const resolved = resolveVariables(raw, {
    environment,
    nameOf,
    judgeDefault: (variable, value, path) => checkForgottenDefault(variable, value, nameOf(path), issuer),
    onMistake: (mistake) => mistakes.push(mistake),
    withoutSecrets,
  });
  return { resolved, mistakes };
}

/** One mistake as itself and several as one error, each with its line where that is known. */
function allOf(mistakes: readonly ConfigurationError[], context: ConfigContext): Error {
  const { file = 'configuration' } = context;
  // of one setting, or of one variable that many settings refer to, the first says enough
  const first = new Map(mistakes.toReversed().map((mistake) => [mistake.setting, mistake]));
  const all = mistakes
    .filter((mistake) => first.get(mistake.setting) === mistake)
    .map((mistake) => {
      const { setting, given, accepted } = mistake;
      if (!setting.startsWith(`${file}: `)) return mistake;
      return new ConfigurationError(settingName(setting.slice(file.length + 2), context), given, accepted);
    });
  return all.length === 1 ? all[0]! : new AggregateError(all, all.map(({ message }) => message).join('\n'));
}

/** `auth-server.yaml:12: clients[0].secret`, as compilers do. */
function settingName(path: string, { file = 'configuration', lineOf }: ConfigContext): string {
  const line = lineOf?.(path);
  return line === undefined ? `${file}: ${path}` : `${file}:${line}: ${path}`;
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

function toMistakes({ issues }: z.ZodError, raw: unknown, file: string): ConfigurationError[] {
  return issues.flatMap((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : undefined;
    const paths = unknown ? unknown.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map((path) => {
      const given = path.some((step) => (unknown ? LIKE_SECRET : SECRET).test(String(step)))
        ? '(hidden)'
        : valueAt(raw, path);
      return new ConfigurationError(
        `${file}: ${formatPath(path)}`,
        given,
        unknown ? 'no such setting here' : issue.message,
      );
    });
  });
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i ? '.' : ''}${String(step)}`)).join('');
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], raw);
}
