import type { TokenView } from '../run/run.js';

/** What became of a claim from one token to the next. */
export type Change = 'kept' | 'added' | 'removed' | 'narrowed' | 'replaced';

export interface ClaimChange {
  readonly name: string;
  readonly change: Change;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The claims that say who may do what, first. */
const ORDER = ['sub', 'aud', 'scope', 'act', 'client_id', 'iss'];
/** Every token has its own: they say nothing of a decision. */
export const OWN: readonly string[] = ['iat', 'exp', 'nbf', 'jti'];

/** What became of the claims of a token in the one that was made from it, the most important first, without those that each token has of its own. */
export function diffClaims(before: TokenView['claims'], after: TokenView['claims']): readonly ClaimChange[] {
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])].filter((name) => !OWN.includes(name));
  return names
    .sort((one, other) => rank(one) - rank(other) || one.localeCompare(other))
    .map((name) => diffClaim(name, before, after));
}

function diffClaim(name: string, before: TokenView['claims'], after: TokenView['claims']): ClaimChange {
  if (!Object.hasOwn(before, name)) return { name, change: 'added', after: after[name] };
  if (!Object.hasOwn(after, name)) return { name, change: 'removed', before: before[name] };
  const values = { name, before: before[name], after: after[name] };
  if (JSON.stringify(values.before) === JSON.stringify(values.after)) return { ...values, change: 'kept' };
  return { ...values, change: isNarrower(values.before, values.after) ? 'narrowed' : 'replaced' };
}

/** Fewer entries of a list, or of a space-separated one, and none that is new. */
function isNarrower(before: unknown, after: unknown): boolean {
  const [wide, narrow] = [entriesOf(before), entriesOf(after)];
  return narrow.length < wide.length && narrow.every((entry) => wide.includes(entry));
}

function entriesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value.map((entry) => JSON.stringify(entry)) : [];
}

function rank(name: string): number {
  return ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length;
}
