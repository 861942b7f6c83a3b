/** Characters of one value in a record. */
const LONGEST_RECORDED = 256;

/** Entries of one list in a record. */
export const MOST_RECORDED = 8;

/** Stands where a value was cut. */
const CUT = '…';

/** Stands in place of what looks like a token. */
const NOT_RECORDED = '[not recorded]';

/** Identifiers that are random hold the first letters of a JWT now and then, but no dot after them. */
const JWT = /eyJ[\w-]*\.[\w.-]*/g;

/** The beginning of a JWT that is cut before its first dot. */
const CUT_JWT = /eyJ[\w-]*$/;

/**
 * A text as it may be written down: no longer than 256 characters, with a mark where it was cut. A client may send anything
 * anywhere: what looks like a JWT is left out, whatever parameter it came in.
 */
export function recordable(text: string): string {
  const beginning = text.slice(0, LONGEST_RECORDED);
  const whole = beginning.length === text.length ? beginning : beginning.replace(CUT_JWT, NOT_RECORDED);
  const told = whole.replace(JWT, NOT_RECORDED);
  if (beginning.length === text.length && told.length <= LONGEST_RECORDED) return told;
  return told.slice(0, LONGEST_RECORDED - CUT.length) + CUT;
}

/** The first of a list that may be written down, at most eight. */
export function recordableList(values: readonly string[]): readonly string[] {
  return values.slice(0, MOST_RECORDED).map(recordable);
}

/** The first of the scopes that may be written down, in no more characters than any other value. */
export function recordableScopes(scopes: readonly string[]): readonly string[] {
  let length = 0;
  const kept = scopes.findIndex((scope) => (length += scope.length + 1) > LONGEST_RECORDED);
  return (kept === -1 ? scopes : scopes.slice(0, kept)).map(recordable);
}

/** How many entries of lists a record leaves out, by the name of its member; `undefined` when it has them all. */
export function omittedOf(
  lists: Readonly<Record<string, { readonly all: number; readonly recorded: number }>>,
): Readonly<Record<string, number>> | undefined {
  const omitted = Object.entries(lists).filter(([, { all, recorded }]) => all > recorded);
  if (omitted.length === 0) return undefined;
  return Object.fromEntries(omitted.map(([name, { all, recorded }]) => [name, all - recorded]));
}
