/** Characters of one value in a record. */
const LONGEST_RECORDED = 500;

/**
 * A text as it may be written down. A client may send anything anywhere: what looks like a JWT is left out, whatever parameter it
 * came in.
 */
export function recordable(text: string): string {
  return text.slice(0, LONGEST_RECORDED).replace(/eyJ[\w.-]{8,}/g, '[not recorded]');
}
