import { AUTHENTICATION_PARAMETERS } from '../provider/clients/authenticate-client.js';

export type Parameters = Record<string, string | string[] | undefined>;

/** What every request at the token endpoint is read for, whatever its grant. */
export const COMMON: readonly string[] = ['grant_type', ...AUTHENTICATION_PARAMETERS];

/** The parameters of a request as the provider wants them, and the names of those that are repeated but may not be. */
export interface ReadParameters {
  readonly parameters: Parameters;
  readonly repeated: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** Reads the parameters of a grant, and those that all grants share. */
export class ParameterReader {
  readonly #absent: Parameters;
  readonly #repeatable: ReadonlySet<string>;

  constructor(names: readonly string[], repeatable: readonly string[]) {
    this.#absent = Object.fromEntries([...COMMON, ...names].map((name) => [name, undefined]));
    this.#repeatable = new Set(repeatable);
  }

  /** RFC 6749 §3.2: a parameter without a value counts as omitted, and none may be included more than once. */
  read(form: URLSearchParams): ReadParameters {
    const parameters = { ...this.#absent };
    const seen = new Set<string>();
    let repeated: ReadonlySet<string> = NONE;
    form.forEach((value, name) => {
      if (!Object.hasOwn(this.#absent, name)) return;
      if (seen.has(name) && !this.#repeatable.has(name)) repeated = new Set([...repeated, name]);
      seen.add(name);
      if (value === '') return;
      const before = parameters[name];
      parameters[name] = before === undefined ? value : [before, value].flat();
    });
    return { parameters, repeated };
  }
}
