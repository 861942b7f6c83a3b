import type { Hop } from './message.js';

type Claim = Hop['claims'][string];

export interface ComparedClaim {
  readonly name: string;
  /** In the order of the tokens; `undefined` where a token lacks the claim. */
  readonly values: readonly (Claim | undefined)[];
  /** For each token: is it other than in the token before. */
  readonly changed: readonly boolean[];
}

/** The claims that say who may do what, first. */
const ORDER = ['sub', 'aud', 'scope', 'act', 'client_id', 'iss'];
/** Every token has its own, so that a difference says nothing. */
const OWN = ['jti', 'iat', 'exp', 'nbf'];

/** Puts the claims of tokens side by side and marks where one differs from the token before it. */
export function compareClaims(hops: readonly Hop[]): readonly ComparedClaim[] {
  const names = new Set(hops.flatMap(({ claims }) => Object.keys(claims)));
  return [...names].sort(byImportance).map((name) => {
    const values = hops.map(({ claims }) => (Object.hasOwn(claims, name) ? claims[name] : undefined));
    const changed = values.map((value, i) => i > 0 && !OWN.includes(name) && !isEqual(value, values[i - 1]));
    return { name, values, changed };
  });
}

function isEqual(one: Claim | undefined, other: Claim | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function byImportance(one: string, other: string): number {
  return rank(one) - rank(other) || one.localeCompare(other);
}

function rank(name: string): number {
  if (OWN.includes(name)) return ORDER.length + 1 + OWN.indexOf(name);
  return ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length;
}
