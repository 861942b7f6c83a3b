import { ConfigurationError, isAbsoluteUri } from '@onbehalf/oauth-protocol';

/** Finds what is responsible for a token type. Two entries for one type are a mistake, found at start. */
export class TypeRegistry<T extends { readonly types: readonly string[] }> {
  readonly #byType = new Map<string, T>();

  /** @param setting what the entries are called in the configuration */
  constructor(setting: string, entries: readonly T[]) {
    for (const entry of entries) for (const type of entry.types) this.#register(setting, type, entry);
  }

  find(type: string): T | undefined {
    return this.#byType.get(type);
  }

  /** Every token type somebody is responsible for, in the order of registration. */
  get types(): readonly string[] {
    return [...this.#byType.keys()];
  }

  #register(setting: string, type: string, entry: T): void {
    // RFC 8693 §3: a token type identifier is a URI
    if (!isAbsoluteUri(type)) throw new ConfigurationError(setting, type, 'token types that are absolute URIs');
    if (this.#byType.has(type)) throw new ConfigurationError(setting, type, 'each token type once');
    this.#byType.set(type, entry);
  }
}
