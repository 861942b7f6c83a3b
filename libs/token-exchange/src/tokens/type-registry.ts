import { ConfigurationError, isAbsoluteUri } from '@onbehalf/oauth-protocol';

/** Finds what is responsible for a token type, within a realm. Two entries for one type of one realm are a mistake, found at start. */
export class TypeRegistry<T extends { readonly types: readonly string[] }> {
  readonly #realms = new Map<string, Map<string, T>>();
  readonly #types = new Map<string | undefined, readonly string[]>();

  /**
   * @param setting what the entries are called in the configuration
   * @param realmsOf where an entry is responsible
   */
  constructor(setting: string, entries: readonly T[], realmsOf: (entry: T) => readonly string[]) {
    for (const entry of entries) {
      for (const realm of realmsOf(entry)) {
        for (const type of entry.types) this.#register(setting, realm, type, entry);
      }
    }
    for (const [realm, byType] of this.#realms) this.#types.set(realm, [...byType.keys()]);
    this.#types.set(undefined, [...new Set([...this.#types.values()].flat())]);
  }

  find(realm: string, type: string): T | undefined {
    return this.#realms.get(realm)?.get(type);
  }

  /** Every token type somebody is responsible for in this realm, or in any, in the order of registration. */
  types(realm?: string): readonly string[] {
    return this.#types.get(realm) ?? [];
  }

  #register(setting: string, realm: string, type: string, entry: T): void {
    // RFC 8693 §3: a token type identifier is a URI
    if (!isAbsoluteUri(type)) throw new ConfigurationError(setting, type, 'token types that are absolute URIs');
    const byType = this.#realms.get(realm) ?? new Map<string, T>();
    if (byType.has(type)) throw new ConfigurationError(setting, type, 'each token type once');
    this.#realms.set(realm, byType.set(type, entry));
  }
}
