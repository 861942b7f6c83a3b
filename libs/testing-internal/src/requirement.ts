/**
 * The name of a test that proves a sentence of a specification. The table of requirements is generated from these calls, so
 * both arguments are written as plain string literals.
 * @param id specification, section and a word for the sentence, such as `RFC8693-2.2.2-invalid-request`
 * @param sentence what the specification demands, in its own words as far as they are short
 */
export function requirement(id: string, sentence: string): string {
  return `${id}: ${sentence}`;
}
