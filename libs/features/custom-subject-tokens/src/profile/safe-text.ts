/** Characters of a text that a profile may add to an answer or a record. */
const LONGEST = 200;

/** A text of a profile as it may be written down: without the token, should it hold it. */
export function safeReason(text: string, token: string): string {
  return text.replaceAll(token, '[token]').slice(0, LONGEST);
}

/** A text of a profile as `error_description` may hold it: ASCII without quotation mark and backslash. RFC 6749 §5.2 */
export function safeDescription(text: string, token: string): string {
  return safeReason(text, token).replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?');
}
