/** A token together with its type identifier (RFC 8693 §3). */
export interface TypedToken {
  readonly token: string;
  readonly type: string;
}

/** Which token to ask for: the same for all calls to one service. Lists are sorted and without duplicates. */
export interface TokenTarget {
  readonly audiences: readonly string[];
  readonly resources: readonly string[];
  readonly scopes: readonly string[];
  readonly requestedType?: string;
  /** Further parameters of one server. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A request to the token endpoint, before a preset gives it its form. */
export interface TokenRequest extends TokenTarget {
  /** `undefined`: the service asks for itself, by client credentials (RFC 6749 §4.4). */
  readonly subject?: TypedToken;
  readonly actor?: TypedToken;
  readonly tenant?: string;
}

/** One value or several. */
export type OneOrMore = string | readonly string[];

/** The values as a set: sorted by code unit, each once. */
export function asSet(values: OneOrMore | undefined): readonly string[] {
  return [...new Set([values ?? []].flat())].sort();
}

/** The scope tokens of a space-separated string or a list, as a set. RFC 6749 §3.3. */
export function asScopes(scope: OneOrMore | undefined): readonly string[] {
  return asSet([scope ?? []].flat().flatMap((value) => value.split(' ').filter((token) => token !== '')));
}
