import { ConfigurationError } from '@onbehalf/oauth-protocol';

export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every string of a configuration by the environment's values.
 * @throws ConfigurationError when a variable without default is not set
 */
export function resolveVariables(value: unknown, environment: Environment, path: string): unknown {
  if (typeof value === 'string') return resolveString(value, environment, path);
  if (Array.isArray(value)) return value.map((item, i) => resolveVariables(item, environment, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveVariables(item, environment, `${path}: ${key}`)]),
  );
}

function resolveString(text: string, environment: Environment, path: string): string {
  return text.replace(VARIABLE, (_, variable: string, fallback: string | undefined) => {
    const value = environment[variable] || fallback;
    if (value === undefined) throw new ConfigurationError(variable, undefined, `a value, because ${path} refers to it`);
    return value;
  });
}
