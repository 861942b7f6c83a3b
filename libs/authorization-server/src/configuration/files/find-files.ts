import { globSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { allOf, formatPath, mistakesOf } from '../mistakes.js';
import { readYaml, type YamlFile } from './read-yaml.js';

/** One of the files that make up the configuration. */
export interface ConfigFile extends YamlFile {
  /** As mistakes name it: its path from the folder in which all of them are. */
  readonly name: string;
  /** The folder that it stands in. */
  readonly folder: string;
}

const SETTING = 'AUTH_SERVER_CONFIG';
/** In a folder; neither hidden files nor those of folders in it. */
const IN_FOLDER = '*.{yaml,yml,json}';
/** Editors read it, and it is often beside what it describes. */
const SCHEMA = /\.schema\.json$/;

/**
 * Reads the file or folder and whatever is included from there: each file once, however many ways lead to it.
 * @throws ConfigurationError for what cannot be read or included; an AggregateError of them when there are several
 */
export function findFiles(path: string): readonly ConfigFile[] {
  const isFolder = kindOf(path)?.isDirectory() ?? false;
  const tree = new Tree(isFolder ? path : dirname(path));
  const paths = isFolder ? filesAt(path, IN_FOLDER).filter((each) => !SCHEMA.test(each)) : [path];
  if (paths.length === 0) throw new ConfigurationError(SETTING, path, 'a folder with *.yaml, *.yml or *.json');
  if (isFolder) tree.addHeld(paths, path, SETTING);
  else tree.addAll(paths, SETTING);
  // a file that is included may include more
  for (const file of tree.files) tree.include(file);
  if (tree.mistakes.length > 0) throw allOf(tree.mistakes);
  return tree.files;
}

/** The folder that no file of the configuration is outside of. */
class Tree {
  /** Grows while it is read. */
  readonly files: ConfigFile[] = [];
  readonly mistakes: ConfigurationError[] = [];
  readonly #folder: string;
  /** By their real paths. */
  readonly #seen = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  addAll(paths: readonly string[], namedBy: string): void {
    // where they lead at one moment: Kubernetes exchanges all files of a volume at once
    for (const [path, real] of paths.map((each) => [each, realPath(each)] as const)) this.#add(path, real, namedBy);
  }

  /** As {@link addAll}, of nothing but what is in the folder. */
  addHeld(paths: readonly string[], given: string, setting: string): void {
    const [outside, ...others] = paths.filter((path) => !this.#holds(path));
    if (outside === undefined) return this.addAll(paths, setting);
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    const accepted = `files in the folder of AUTH_SERVER_CONFIG; ${this.#wayOut(outside)} is outside${more}`;
    this.mistakes.push(new ConfigurationError(setting, given, accepted));
  }

  include({ value, name, folder, lineOf }: ConfigFile): void {
    const given = (value as { include?: unknown } | null)?.include;
    if (given === undefined) return;
    const globs = typeof given === 'string' ? [given] : given;
    const placeOf = (path: readonly PropertyKey[]): string => {
      const setting = formatPath(['include', ...path]);
      return `${name}:${lineOf(setting) ?? '?'}: ${setting}`;
    };
    if (!Array.isArray(globs) || !globs.every((glob) => typeof glob === 'string')) {
      this.mistakes.push(new ConfigurationError(placeOf([]), given, 'a path such as teams/*.yaml, or a list of them'));
      return;
    }
    for (const [i, glob] of globs.entries()) this.#includeAll(folder, glob, placeOf(globs === given ? [i] : []));
  }

  #includeAll(folder: string, glob: string, setting: string): void {
    const paths = filesAt(folder, glob);
    if (paths.length > 0) return this.addHeld(paths, glob, setting);
    this.mistakes.push(new ConfigurationError(setting, glob, 'what leads to a file, such as teams/*.yaml'));
  }

  #add(path: string, real: string, namedBy: string): void {
    if (this.#seen.has(real)) return;
    this.#seen.add(real);
    const name = relative(this.#folder, path);
    try {
      this.files.push({ name, folder: dirname(path), ...readYaml(real, name, namedBy) });
    } catch (error) {
      this.mistakes.push(...mistakesOf(error));
    }
  }

  /** The file, and where it leads when that is elsewhere. */
  #wayOut(path: string): string {
    const [name, real] = [relative(this.#folder, path), relative(realPath(this.#folder), realPath(path))];
    return name === real ? name : `${name}, a link to ${real},`;
  }

  /** By its real path: a link may lead elsewhere. */
  #holds(path: string): boolean {
    const way = relative(realPath(this.#folder), realPath(path));
    return way !== '..' && !way.startsWith(`..${sep}`);
  }
}

/** Nothing is behind the name of a pipe, such as that of the standard input, and of what cannot be looked at. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** `undefined` of what cannot be looked at: nothing is there, or a link leads to nothing or to itself. */
function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/**
 * In the order of their names, so that every start reads them alike. What cannot be looked at stays, and cannot be read later: nobody
 * is to go on with fewer files than are there.
 */
function filesAt(folder: string, glob: string): string[] {
  const found = globSync(glob, { cwd: folder }).map((path) => (isAbsolute(path) ? path : join(folder, path)));
  return found.filter((path) => kindOf(path)?.isFile() ?? true).sort();
}
