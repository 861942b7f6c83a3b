const LIKE_A_TOKEN = /[\w-]{16,}(?:\.[\w-]*)+|[\w-]{40,}/g;

/** Text of another party for errors and logs: short, on one line, in ASCII, without a token that it may quote. */
export function printable(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  return text
    .slice(0, 2000)
    .replace(LIKE_A_TOKEN, '[token]')
    .replace(/[^\x21-\x7e]+/g, ' ')
    .slice(0, 300)
    .trim();
}
