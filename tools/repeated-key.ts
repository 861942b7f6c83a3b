/** Strings, signs, and whatever else stands in JSON. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;

/**
 * The first key that stands twice in one object of a JSON text: readers differ in which of both they take.
 * @returns `undefined` where there is none, and for text that is no JSON object
 */
export function repeatedKey(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  const objects: (Set<string> | undefined)[] = [];
  let before = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{') objects.push(new Set());
    if (token === '[') objects.push(undefined);
    if (token === '}' || token === ']') objects.pop();
    if (token === ':') {
      const keys = objects.at(-1);
      if (keys?.has(before)) return JSON.parse(before) as string;
      keys?.add(before);
    }
    before = token;
  }
  return undefined;
}
