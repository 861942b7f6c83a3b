import { isAlias, isMap, isScalar, isSeq, type Document, type LineCounter, type Node, type Pair } from 'yaml';

/** The line of a setting by its path, such as `clients[0].secret`; of what holds it where it is missing. */
export function lineOf(document: Document.Parsed, lines: LineCounter, path: string): number | undefined {
  let at: unknown = document.contents;
  let rest = path;
  let offset: number | undefined;
  for (;;) {
    const step = child(resolved(at, document), rest, document);
    if (!step) return offset === undefined ? undefined : lines.linePos(offset).line;
    [at, rest] = [step.node, step.rest.replace(/^\./, '')];
    offset = step.offset ?? offset;
  }
}

interface Step {
  readonly node: unknown;
  readonly rest: string;
  readonly offset: number | undefined;
}

/** What the path leads to next: keys may hold dots themselves, so the longest that fits is meant. */
function child(node: unknown, path: string, document: Document.Parsed): Step | undefined {
  const [index] = /^\[\d+\]/.exec(path) ?? [];
  if (isSeq(node) && index !== undefined) {
    const item = node.items[Number(index.slice(1, -1))] as Node | undefined;
    return item && { node: item, rest: path.slice(index.length), offset: item.range?.[0] };
  }
  const fits = (key: string): boolean => path.startsWith(key) && /^([.[]|$)/.test(path.slice(key.length));
  const pairs = pairsOf(node, document).flatMap(({ key, value }) =>
    isScalar(key) && fits(String(key.value)) ? [{ key: String(key.value), offset: key.range?.[0], value }] : [],
  );
  // what the map itself says comes first, and wins
  const [pair] = pairs.sort((a, b) => b.key.length - a.key.length);
  return pair && { node: pair.value, rest: path.slice(pair.key.length), offset: pair.offset };
}

/** The members of a map, and of those that are merged into it. */
function pairsOf(node: unknown, document: Document.Parsed): Pair[] {
  if (!isMap(node)) return [];
  const merged = node.items.filter(({ key }) => isScalar(key) && key.source === '<<').map(({ value }) => value);
  const maps = merged.map((each) => resolved(each, document)).flatMap((each) => (isSeq(each) ? each.items : [each]));
  return [...node.items, ...maps.flatMap((each) => pairsOf(resolved(each, document), document))];
}

function resolved(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}
