import { ConfigurationError } from '@onbehalf/oauth-protocol';

/** Names of members that lead to roles, from the outside in. */
export type RolePath = readonly string[];

/** As options say it: a claim, members of it after dots, or the names one by one where they hold dots themselves. */
export type RoleClaim = string | readonly string[];

/** The places that the option names. */
export function rolePaths(setting: string, value: RoleClaim | readonly RoleClaim[]): readonly RolePath[] {
  const paths = (Array.isArray(value) ? value : [value]).map(pathOf);
  const isPath = (path: RolePath): boolean =>
    path.length > 0 && path.every((name) => typeof name === 'string' && name !== '');
  if (paths.length > 0 && paths.every(isPath)) return paths;
  throw new ConfigurationError(setting, value, "a claim such as 'realm_access.roles', or a list of them");
}

// a name that is a URL is not cut at its dots
function pathOf(claim: RoleClaim): RolePath {
  if (typeof claim !== 'string') return Array.isArray(claim) ? (claim as RolePath) : [];
  return URL.canParse(claim) ? [claim] : claim.split('.');
}

/** The roles in the claims, of all places together. One that is no text, or no list of texts, holds none. */
export function readRoles(claims: object, paths: readonly RolePath[]): readonly string[] {
  return paths.flatMap((path) => {
    const found = path.reduce<unknown>(member, claims);
    return [found].flat().filter((role): role is string => typeof role === 'string');
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
