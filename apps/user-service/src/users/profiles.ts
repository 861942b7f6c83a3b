/** The users of the demo; a real service has a database here. */
const NAMES: ReadonlyMap<string, string> = new Map([['baeldung', 'Baeldung']]);

/** The name to show for a subject; a client that acts for itself has no other than its id. */
export function displayName(subject: string): string {
  return NAMES.get(subject) ?? subject;
}
