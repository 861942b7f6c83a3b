/** Fails when a link of the built site leads to a heading that is not there; VitePress itself looks at pages alone. */
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { root } from './generated.ts';

const site = `${root}docs/.vitepress/dist/`;
const pages = new Map(
  globSync('**/*.html', { cwd: site }).map((file) => [nameOf(file), readFileSync(site + file, 'utf8')]),
);
const idsOf = new Map(
  [...pages].map(([name, html]) => [name, new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))]),
);
const dead = [...pages].flatMap(([name, html]) =>
  [...html.matchAll(/ href="([^"#]*)#([^"]+)"/g)]
    .filter(([, path = '']) => !/^[a-z]+:/.test(path))
    .map(([, path = '', id = '']) => ({ target: path ? nameOf(posix.resolve(`/${name}`, '..', path)) : name, id }))
    .filter(({ target, id }) => !idsOf.get(target)?.has(decodeURIComponent(id.replaceAll('&amp;', '&'))))
    .map(({ target, id }) => `${name} links to ${target}#${id}, which is not there`),
);
for (const line of new Set(dead)) console.error(line);
console.log(`${pages.size} pages, ${dead.length} dead anchors`);
if (dead.length > 0 || pages.size === 0) process.exitCode = 1;

/** The name of a page, as links have it. */
function nameOf(path: string): string {
  return path
    .replace(/^\//, '')
    .replace(/(?:\.html|\/)$/, '')
    .replace(/(?:^|\/)index$/, '');
}
