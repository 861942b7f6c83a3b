import { ConfigurationError, valueOrFile } from '@onbehalf/oauth-protocol';

export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

export interface Resolving {
  readonly environment: Environment;
  /** How mistakes name a setting, given its path such as `clients[0].secret`. */
  readonly nameOf: (path: string) => string;
  /** Judges a default that stands in for a variable. @throws ConfigurationError */
  readonly judgeDefault: (variable: string, value: string, path: string) => void;
  /** Is told each mistake; what has no value stays as it is written. */
  readonly onMistake: (mistake: ConfigurationError) => void;
  /** Is told the value of each variable that has one. */
  readonly onValue: (variable: string, value: string) => void;
  /** Variables without a value are no mistake. */
  readonly withoutSecrets: boolean;
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every string of a configuration by the environment's values, or by the content of the
 * file that `NAME_FILE` names. A mistake is such a file that cannot be read, a variable without default that is not set, a `${` that begins no variable, and a name that no object can hold.
 */
export function resolveVariables(value: unknown, resolving: Resolving, path = ''): unknown {
  if (typeof value === 'string') return resolveString(value, resolving, path);
  if (Array.isArray(value)) return value.map((item, i) => resolveVariables(item, resolving, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null) return value;
  // the schema would leave it out without a word
  if (Object.hasOwn(value, '__proto__')) {
    resolving.onMistake(new ConfigurationError(resolving.nameOf(path), '__proto__', 'another name here'));
  }
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveVariables(item, resolving, at(key))]),
  );
}

function resolveString(text: string, resolving: Resolving, path: string): string {
  const { environment, nameOf, judgeDefault, onMistake, onValue, withoutSecrets } = resolving;
  // what was meant for one would stand there as it is written, in the place of a secret
  if (text.replaceAll(VARIABLE, '$2').includes('${')) {
    onMistake(new ConfigurationError(nameOf(path), '${…', 'variables as ${NAME} or ${NAME:-default}'));
    return '';
  }
  return text.replace(VARIABLE, (written, variable: string, fallback: string | undefined) => {
    try {
      const value = withoutSecrets ? environment[variable] || undefined : valueOrFile(variable, environment);
      if (value !== undefined) {
        onValue(variable, value);
        return value;
      }
      if (fallback !== undefined) judgeDefault(variable, fallback, path);
    } catch (error) {
      onMistake(error as ConfigurationError);
      return written;
    }
    if (fallback !== undefined) return fallback;
    const accepted = `a value, because ${nameOf(path)} refers to it`;
    if (!withoutSecrets) onMistake(new ConfigurationError(variable, undefined, accepted));
    return written;
  });
}
