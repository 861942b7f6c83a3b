import { ConfigurationError, readSmallFile } from '@onbehalf/oauth-protocol';
import { isScalar, LineCounter, parseDocument, visit, type Document, type Scalar } from 'yaml';
import { allOf, setTwice } from '../mistakes.js';
import { lineOf } from './line-of.js';

/** What a YAML or JSON file holds, and where. */
export interface YamlFile {
  readonly value: unknown;
  /** The line of a setting by its path, such as `clients[0].secret`; of what holds it where it is missing. */
  readonly lineOf: (path: string) => number | undefined;
}

/** Bytes; a file with a hundred thousand accounts has some twenty millions. */
const LARGEST = 64 * 1024 * 1024;

/** More places may stand for what is written once; fewer than would fill the memory. */
const MOST_ALIASES = 10_000;

/**
 * Reads a file of YAML 1.2 with merge keys (`<<`).
 * @param name as mistakes name it
 * @param namedBy the setting that leads to the file
 * @throws ConfigurationError for what cannot be read or is no YAML; an AggregateError of them for several names that stand twice
 */
export function readYaml(path: string, name: string, namedBy: string): YamlFile {
  const lines = new LineCounter();
  // what it does not understand is a mistake, too: an unknown tag would be passed over
  const strict = { logLevel: 'error', merge: true } as const;
  // names are text: the second of 1 and "1" would take the place of the first without a word
  const document = parseDocument(readText(path, namedBy), { ...strict, stringKeys: true, lineCounter: lines });
  const mistakes = mistakesIn(document, lines, name);
  if (mistakes.length > 0) throw allOf(mistakes);
  try {
    const value = document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
    // throws for what holds itself
    JSON.stringify(value);
    return { value, lineOf: (setting) => lineOf(document, lines, setting) };
  } catch (error) {
    // of an alias that nothing defines, of too many, or of what it stands in
    throw new ConfigurationError(name, `broken: ${(error as Error).message.split('\n', 1)[0]}`, 'YAML or JSON');
  }
}

function readText(path: string, namedBy: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readSmallFile(path, LARGEST));
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const reason = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'not in UTF-8' : code;
    throw new ConfigurationError(namedBy, path, `a readable YAML or JSON file (${reason})`);
  }
}

/** The mistake of the parser; of names that a map has twice, each with both places. */
function mistakesIn(document: Document.Parsed, lines: LineCounter, name: string): ConfigurationError[] {
  const [mistake] = [...document.errors, ...document.warnings];
  if (mistake?.code === 'DUPLICATE_KEY') return repeatedNames(document, lines, name);
  if (mistake === undefined) return [];
  return [new ConfigurationError(name, `broken at line ${mistake.linePos?.[0].line ?? '?'}`, 'YAML or JSON')];
}

function repeatedNames(document: Document.Parsed, lines: LineCounter, name: string): ConfigurationError[] {
  const mistakes: ConfigurationError[] = [];
  const lineAt = (key: Scalar): number => lines.linePos(key.range?.[0] ?? 0).line;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Map<unknown, Scalar>();
      for (const key of items.map((pair) => pair.key).filter(isScalar)) {
        const first = seen.get(key.value);
        if (!first) seen.set(key.value, key);
        else mistakes.push(setTwice(`${name}:${lineAt(key)}: ${String(key.value)}`, `${name}:${lineAt(first)}`));
      }
    },
  });
  return mistakes;
}
