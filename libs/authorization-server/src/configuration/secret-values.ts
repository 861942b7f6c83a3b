import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Environment } from './resolve-variables.js';
import { LIKE_SECRET } from './told-issues.js';

/** Characters. Shorter ones may be part of anything, and are hidden where they are all that was given. */
const RECOGNIZABLE = 8;

/** The values of variables that are secrets by their names, or stand in files: one in a wrong place is told by its name alone. */
export class SecretValues {
  readonly #names = new Map<string, string>();

  constructor(private readonly environment: Environment) {}

  /** Is told what a variable has given. */
  add(variable: string, value: string): void {
    const isInFile = Boolean(this.environment[`${variable}_FILE`]);
    if (isInFile || LIKE_SECRET.test(variable)) this.#names.set(value, `\${${variable}}`);
  }

  /** The mistake without them. */
  hiddenIn(mistake: ConfigurationError): ConfigurationError {
    const { setting, given, accepted } = mistake;
    if (this.#names.size === 0) return mistake;
    return new ConfigurationError(setting, this.#hidden(given), this.#hidden(accepted) as string);
  }

  #hidden(told: unknown): unknown {
    if (typeof told === 'string') return this.#inText(told);
    if (Array.isArray(told)) return told.map((item) => this.#hidden(item));
    if (typeof told !== 'object' || told === null) return told;
    return Object.fromEntries(Object.entries(told).map(([name, value]) => [name, this.#hidden(value)]));
  }

  #inText(text: string): string {
    let left = text;
    for (const [value, name] of this.#names) {
      if (text === value) return name;
      if (value.length >= RECOGNIZABLE) left = left.replaceAll(value, () => name);
    }
    return left;
  }
}
