import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';

/** What a YAML or JSON file holds, and where. */
export interface YamlFile {
  readonly value: unknown;
  /** The line of a setting by its path, such as `clients[0].secret`; of what holds it where it is missing. */
  readonly lineOf: (path: string) => number | undefined;
}

/** @throws ConfigurationError for what cannot be read or is no YAML */
export function readYaml(path: string): YamlFile {
  const file = basename(path);
  const lines = new LineCounter();
  // what it does not understand is a mistake, too: an unknown tag would be passed over
  const document = parseDocument(readText(path), { logLevel: 'error', lineCounter: lines });
  const mistake = document.errors[0] ?? document.warnings[0];
  if (mistake) throw new ConfigurationError(file, `broken at line ${mistake.linePos?.[0].line ?? '?'}`, 'YAML or JSON');
  try {
    const value = document.toJS() as unknown;
    // throws for what holds itself
    JSON.stringify(value);
    return { value, lineOf: (setting) => lineOf(document, lines, setting) };
  } catch (error) {
    // of an alias that nothing defines, of too many, or of what it stands in
    throw new ConfigurationError(file, `broken: ${(error as Error).message.split('\n', 1)[0]}`, 'YAML or JSON');
  }
}

function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const reason = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'not in UTF-8' : code;
    throw new ConfigurationError('AUTH_SERVER_CONFIG', path, `a readable YAML or JSON file (${reason})`);
  }
}

function lineOf(document: Document.Parsed, lines: LineCounter, path: string): number | undefined {
  let at: unknown = document.contents;
  let rest = path;
  let offset: number | undefined;
  for (;;) {
    const step = child(resolved(at, document), rest);
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
function child(node: unknown, path: string): Step | undefined {
  const [index] = /^\[\d+\]/.exec(path) ?? [];
  if (isSeq(node) && index !== undefined) {
    const item = node.items[Number(index.slice(1, -1))] as Node | undefined;
    return item && { node: item, rest: path.slice(index.length), offset: item.range?.[0] };
  }
  if (!isMap(node)) return undefined;
  const fits = (key: string): boolean => path.startsWith(key) && /^([.[]|$)/.test(path.slice(key.length));
  const keys = node.items.flatMap(({ key }) => (isScalar(key) && fits(String(key.value)) ? [key] : []));
  const [key] = keys.sort((a, b) => String(b.value).length - String(a.value).length);
  if (!key) return undefined;
  const { value } = node.items.find((pair) => pair.key === key)!;
  return { node: value, rest: path.slice(String(key.value).length), offset: key.range?.[0] };
}

function resolved(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}
