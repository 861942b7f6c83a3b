import { ConfigurationError } from '@onbehalf/oauth-protocol';

export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** Judges a default that stands in for a variable. */
export type JudgeDefault = (variable: string, value: string, path: string) => void;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every string of a configuration by the environment's values.
 * @throws ConfigurationError when a variable without default is not set, `${` begins no variable, or something has a name that
 * no object can hold
 */
export function resolveVariables(
  value: unknown,
  environment: Environment,
  path: string,
  judgeDefault?: JudgeDefault,
): unknown {
  if (typeof value === 'string') return resolveString(value, environment, path, judgeDefault);
  const resolve = (item: unknown, at: string): unknown => resolveVariables(item, environment, at, judgeDefault);
  if (Array.isArray(value)) return value.map((item, i) => resolve(item, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null) return value;
  // the schema would leave it out without a word
  if (Object.hasOwn(value, '__proto__')) throw new ConfigurationError(path, '__proto__', 'another name here');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, `${path}: ${key}`)]));
}

function resolveString(text: string, environment: Environment, path: string, judgeDefault?: JudgeDefault): string {
  // what was meant for one would stand there as it is written, in the place of a secret
  if (text.replaceAll(VARIABLE, '$2').includes('${'))
    throw new ConfigurationError(path, '${…', 'variables as ${NAME} or ${NAME:-default}');
  return text.replace(VARIABLE, (_, variable: string, fallback: string | undefined) => {
    if (!environment[variable] && fallback !== undefined) judgeDefault?.(variable, fallback, path);
    const value = environment[variable] || fallback;
    if (value === undefined) throw new ConfigurationError(variable, undefined, `a value, because ${path} refers to it`);
    return value;
  });
}
