import type { Requirement, RouteRequirements } from '../requirements/requirements.js';

/** One way to be let in: schemes by name, each with its scopes; all of them are needed. OpenAPI 3, Security Requirement Object. */
export type SecurityRequirement = Record<string, string[]>;

/** The sets of scopes each of which suffices; none when nothing is demanded of the token but to be good. */
export function alternativesOf(requirements: readonly Requirement[]): readonly (readonly string[])[] {
  return requirements.reduce<readonly (readonly string[])[]>(
    (sets, requirement) => {
      if (requirement.kind === 'scopes') return sets.map((set) => distinct([...set, ...requirement.scopes]));
      if (requirement.kind !== 'any_scope') return sets;
      // a set that holds one of them already needs no other
      const widened = sets.flatMap((set) =>
        requirement.scopes.some((scope) => set.includes(scope))
          ? [set]
          : requirement.scopes.map((scope) => [...set, scope]),
      );
      return distinct(widened.map((set) => set.toSorted().join(' '))).map((set) => set.split(' '));
    },
    [[]],
  );
}

/** What a route asks of callers under the scheme of this name; `undefined` when it is open. */
export function securityOf(
  { access, requirements }: RouteRequirements,
  name: string,
  namesScopes: boolean,
): readonly SecurityRequirement[] | undefined {
  if (access === 'public') return undefined;
  // an empty requirement: anonymous callers are let in, too
  if (access === 'optional') return [{ [name]: [] }, {}];
  return namesScopes ? alternativesOf(requirements).map((set) => ({ [name]: [...set] })) : [{ [name]: [] }];
}

/** Each value once, in the order of the first. */
export const distinct = <Value>(values: readonly Value[]): readonly Value[] => [...new Set(values)];
