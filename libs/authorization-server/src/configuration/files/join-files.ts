import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { setTwice } from '../mistakes.js';
import type { ConfigFile } from './find-files.js';

/** A configuration as it is written, in however many files. */
export interface Written {
  readonly value: unknown;
  /** How mistakes name a setting, given its path in the whole: `teams/shop.yaml:12: clients[0].secret`, as compilers do. */
  readonly nameOf: (path: string) => string;
  /** The folder of the file that says this. */
  readonly folderOf: (path: string) => string;
  readonly mistakes: readonly ConfigurationError[];
}

/** Where names of several files stand side by side. */
const NAMED = /^(|defaults|templates(\.\w+)?)$/;

/** A setting in one of the files. */
interface Part {
  readonly file: ConfigFile;
  readonly path: string;
  readonly value: unknown;
}

/**
 * Puts files together as if they were one: lists one after the other, defaults and templates by their names, and everything else in
 * one place only.
 */
export function joinFiles(files: readonly ConfigFile[]): Written {
  const places = new Map<string, Part>();
  const mistakes: ConfigurationError[] = [];
  const whole = files.map((file): Part => ({ file, path: '', value: settingsOf(file, mistakes) }));
  places.set('', whole[0]!);
  const value = joined('', whole, { places, mistakes });
  return {
    value,
    nameOf: (path) => nameOf(placeOf(path, places)),
    folderOf: (path) => placeOf(path, places).file.folder,
    mistakes,
  };
}

/** Without what is only for the file itself, and for anchors: `x-…`. */
function settingsOf({ name, value }: ConfigFile, mistakes: ConfigurationError[]): unknown {
  if (isMap(value)) {
    return Object.fromEntries(Object.entries(value).filter(([name, setting]) => !isOfFile(name, setting)));
  }
  const given = Array.isArray(value) ? 'a list' : value === null ? 'empty' : 'text';
  mistakes.push(new ConfigurationError(name, given, 'settings by their names'));
  return {};
}

function isOfFile(name: string, setting: unknown): boolean {
  return name === 'include' || name.startsWith('x-') || (name === '$schema' && typeof setting === 'string');
}

interface Joining {
  /** Where each part of the whole stands. */
  readonly places: Map<string, Part>;
  readonly mistakes: ConfigurationError[];
}

function joined(path: string, parts: readonly Part[], joining: Joining): unknown {
  const { places, mistakes } = joining;
  const [first, ...others] = parts;
  if (NAMED.test(path) && parts.every(({ value }) => isMap(value))) return joinedByName(path, parts, joining);
  if (parts.every(({ value }) => Array.isArray(value))) return joinedLists(path, parts, places);
  places.set(path, first!);
  for (const other of others) mistakes.push(setTwice(nameOf(other), nameOf(first!)));
  return first!.value;
}

function joinedByName(path: string, parts: readonly Part[], joining: Joining): object {
  const named = new Map<string, Part[]>();
  for (const { file, path: within, value } of parts) {
    for (const [name, member] of Object.entries(value as object)) {
      const part = { file, path: within === '' ? name : `${within}.${name}`, value: member as unknown };
      named.set(name, [...(named.get(name) ?? []), part]);
    }
  }
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  return Object.fromEntries([...named].map(([name, same]) => [name, joined(at(name), same, joining)]));
}

function joinedLists(path: string, parts: readonly Part[], places: Joining['places']): unknown[] {
  places.set(path, parts[0]!);
  const items = parts.flatMap(({ file, path: within, value }) =>
    (value as unknown[]).map((item, i): Part => ({ file, path: `${within}[${i}]`, value: item })),
  );
  for (const [i, item] of items.entries()) places.set(`${path}[${i}]`, item);
  return items.map(({ value }) => value);
}

/** Where the setting is, or would be: in the file of what holds it. */
function placeOf(path: string, places: Joining['places']): Omit<Part, 'value'> {
  let known = path;
  while (!places.has(known)) known = known.replace(/(\.[^.[]*|\[[^.[]*|^[^.[]*)$/, '');
  const { file, path: within } = places.get(known)!;
  const rest = path.slice(known.length);
  return { file, path: within === '' ? rest.replace(/^\./, '') : within + rest };
}

function nameOf({ file, path }: Omit<Part, 'value'>): string {
  const line = file.lineOf(path);
  return line === undefined ? `${file.name}: ${path}` : `${file.name}:${line}: ${path}`;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
