/** Who imports whom, read from the code: types count, tests do not. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './generated.ts';

/** The names of rooms, and for each those that it needs. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

const IMPORT = /(?:from |import\()'([^']+)'/g;

/** Libraries, features and apps. */
export function projects(): Graph {
  const folders = globSync(['libs/*', 'libs/features/*', 'apps/*'], { cwd: root })
    .filter((folder) => sourcesOf(folder).length > 0)
    .sort();
  const packages = new Map(folders.map((folder) => [packageOf(folder), nameOf(folder)]));
  const needs = folders.map((folder): [string, Set<string>] => {
    const imported = sourcesOf(folder)
      .flatMap(importsOf)
      .map((name) => packages.get(name.split('/').slice(0, 2).join('/')));
    return [
      nameOf(folder),
      new Set(imported.filter((name) => name !== undefined && name !== nameOf(folder)) as string[]),
    ];
  });
  return new Map(needs);
}

/** The folders of one library. */
export function rooms(library: string): Graph {
  const source = `libs/${library}/src`;
  const graph = new Map<string, Set<string>>();
  for (const file of sourcesOf(`libs/${library}`)) {
    const room = roomOf(file, source);
    const needed = graph.get(room) ?? new Set();
    for (const name of importsOf(file).filter((each) => each.startsWith('.'))) {
      const other = roomOf(join(dirname(file), name), source);
      if (other !== room) needed.add(other);
    }
    graph.set(room, needed);
  }
  // files above all rooms are the way in, and what they share with the rooms is no room
  graph.delete('');
  for (const needed of graph.values()) needed.delete('');
  return new Map([...graph].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The graph without arrows that a longer way makes, too. */
export function reduced(graph: Graph): Graph {
  const reaches = (from: string, to: string): boolean =>
    [...(graph.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return new Map(
    [...graph].map(([name, needed]) => [
      name,
      new Set([...needed].filter((to) => ![...needed].some((other) => other !== to && reaches(other, to))).sort()),
    ]),
  );
}

function sourcesOf(folder: string): string[] {
  return globSync(`${folder}/src/**/*.{ts,tsx}`, { cwd: root })
    .filter((file) => !/\.(spec|fixture|test-d)\.tsx?$/.test(file))
    .sort();
}

function importsOf(file: string): string[] {
  return [...readFileSync(`${root}${file}`, 'utf8').matchAll(IMPORT)].map(([, name = '']) => name);
}

function roomOf(file: string, source: string): string {
  return (
    file
      .slice(source.length + 1)
      .split('/')
      .slice(0, -1)[0] ?? ''
  );
}

function nameOf(folder: string): string {
  return folder.replace(/^libs\//, '');
}

function packageOf(folder: string): string {
  return (JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8')) as { name: string }).name;
}
