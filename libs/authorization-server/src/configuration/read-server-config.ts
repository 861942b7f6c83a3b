import { resolve } from 'node:path';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { z } from 'zod';
import { referenceMistakes } from './checks/check-references.js';
import { checkForgottenDefault, shippedMistakes } from './checks/shipped-credentials.js';
import { numberedEdges } from './edge-names.js';
import { findFiles } from './files/find-files.js';
import { joinFiles, type Written } from './files/join-files.js';
import { allOf } from './mistakes.js';
import { resolveVariables, type Environment } from './resolve-variables.js';
import type { ConfigSection } from './schema/config-section.js';
import { configSchemaWith } from './schema/extended-schema.js';
import type { PagesConfig } from './schema/pages.schema.js';
import type { ServerConfig } from './schema/server-config.schema.js';
import { SecretValues } from './secret-values.js';
import { standIn } from './stand-ins.js';
import { limitMistakes } from './templates/check-limits.js';
import { expandTemplates, withoutTemplates, type Expanded } from './templates/expand-templates.js';
import { leaveToEntries } from './templates/leave-to-entries.js';
import { toMistakes, valueAt } from './told-issues.js';

/** Whom a configuration is for, and what it may say beside what this library understands. */
export interface ConfigContext {
  /** Whom it is for: unless that is on this machine, what ships with the project is refused. */
  readonly issuer?: string;
  /** Default none. */
  readonly sections?: readonly ConfigSection[];
  /** The file is looked at where its secrets are not: variables that are not set are no mistake. */
  readonly withoutSecrets?: boolean;
  /** Is told what is accepted, and had better be otherwise. */
  readonly onWarning?: (warning: ConfigurationError) => void;
}

/** What checks call the configuration before each setting gets its place. */
const WHOLE = 'configuration';

/**
 * Reads the whole configuration of the server and checks it: a YAML or JSON file or a folder of them, what they include, and the files
 * that `NAME_FILE` names. It reads and changes nothing.
 * @throws ConfigurationError naming the file, the line, the setting, what was given and what is accepted; an AggregateError of them
 * when there are several
 */
export function readServerConfig(path: string, environment: Environment, context: ConfigContext = {}): ServerConfig {
  const written = joinFiles(findFiles(path));
  const config = toServerConfig(written, environment, context);
  return { ...config, pages: besideFile(config.pages, written.folderOf('pages')) };
}

/**
 * Checks a configuration that is already an object, with `${VARIABLE}`s still in it.
 * @param context `file`: as mistakes name the configuration
 * @throws ConfigurationError naming the setting, what was given and what is accepted; an AggregateError of them when there are
 * several
 */
export function parseServerConfig(
  raw: unknown,
  environment: Environment,
  { file = 'configuration', ...context }: ConfigContext & { readonly file?: string } = {},
): ServerConfig {
  return toServerConfig({ value: raw, nameOf: (path) => `${file}: ${path}`, mistakes: [] }, environment, context);
}

function toServerConfig(
  written: Omit<Written, 'folderOf'>,
  environment: Environment,
  context: ConfigContext,
): ServerConfig {
  const { issuer = 'http://localhost', sections = [] } = context;
  const mistakes = [...written.mistakes];
  const expanded = expand(written, mistakes);
  const nameOf = (path: string): string => nameWithOrigin(path, expanded, written.nameOf);
  const secrets = new SecretValues(environment);
  const resolved = resolveAll(expanded.value, environment, context, { nameOf, mistakes, secrets });
  const schema = configSchemaWith(sections);
  const issues = (): readonly z.core.$ZodIssue[] => schema.safeParse(resolved).error?.issues ?? [];
  readScalars(issues(), expanded.value, resolved);
  const standIns = standIn(resolved, issues);
  leaveToEntries(resolved, issues());
  const told = (all: readonly ConfigurationError[]): readonly ConfigurationError[] =>
    all.flatMap((each) => standIns.told(each, nameOf) ?? []).map((each) => secrets.hiddenIn(each));
  const { data, error } = schema.safeParse(resolved);
  if (error) throw allOf(told([...mistakes, ...toMistakes(error, { ...expanded, value: resolved }, nameOf)]));
  const config = withoutTemplates(data);
  const found = [...referenceMistakes(config, WHOLE, sections, nameOf), ...shippedMistakes(config, issuer, WHOLE)];
  mistakes.push(...found.map((mistake) => placed(mistake, nameOf)));
  mistakes.push(...limitMistakes(data, edgesOf(written), written.nameOf, (path) => standIns.has(path)));
  const all = told(mistakes);
  if (all.length > 0) throw allOf(all);
  for (const warning of told([...numberedEdges(config.edges, nameOf)])) context.onWarning?.(warning);
  return config;
}

function expand({ value, nameOf }: Pick<Written, 'value' | 'nameOf'>, mistakes: ConfigurationError[]): Expanded {
  const found: Parameters<Parameters<typeof expandTemplates>[1]>[] = [];
  const expanded = expandTemplates(value, (...mistake) => found.push(mistake));
  for (const [path, given, accepted] of found) {
    mistakes.push(new ConfigurationError(nameWithOrigin(path, expanded, nameOf), given, accepted));
  }
  return expanded;
}

/** With the place of the template or default, too, where a member comes from one. */
function nameWithOrigin(path: string, { origins }: Expanded, nameOf: Written['nameOf']): string {
  const [member = ''] = /^\w+\[\d+\]\.[^.[]+/.exec(path) ?? [];
  const origin = origins.get(member);
  return origin === undefined ? nameOf(path) : `${nameOf(path)} (${nameOf(origin + path.slice(member.length))})`;
}

function edgesOf({ value }: Pick<Written, 'value'>): readonly { readonly template?: string }[] {
  return (value as { readonly edges?: readonly { readonly template?: string }[] }).edges ?? [];
}

/** What was found in the whole, named by where it stands. */
function placed(mistake: ConfigurationError, nameOf: (path: string) => string): ConfigurationError {
  const { setting, given, accepted } = mistake;
  const prefix = `${WHOLE}: `;
  if (!setting.startsWith(prefix)) return mistake;
  return new ConfigurationError(nameOf(setting.slice(prefix.length)), given, accepted);
}

interface Found {
  readonly nameOf: (path: string) => string;
  readonly mistakes: ConfigurationError[];
  readonly secrets: SecretValues;
}

function resolveAll(
  value: unknown,
  environment: Environment,
  { issuer = 'http://localhost', withoutSecrets = false }: ConfigContext,
  { nameOf, mistakes, secrets }: Found,
): unknown {
  return resolveVariables(value, {
    environment,
    nameOf,
    judgeDefault: (variable, fallback, path) =>
      checkForgottenDefault(variable, fallback, { path, name: nameOf(path) }, issuer),
    onMistake: (mistake) => mistakes.push(mistake),
    onValue: (variable, value) => secrets.add(variable, value),
    withoutSecrets,
  });
}

/** Files of the pages stand beside the file that names them, wherever the server is started. */
function besideFile({ logo, languages, ...pages }: PagesConfig, folder: string): PagesConfig {
  const place = (each: string): string => resolve(folder, each);
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
