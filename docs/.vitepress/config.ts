/** The documentation site: what stands in docs/, with the references that `npm run docs:build` generates. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type DefaultTheme } from 'vitepress';

const docs = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

export default defineConfig({
  title: 'Onbehalf',
  description: 'OAuth 2.0 Token Exchange (RFC 8693) for NestJS and Node.js',
  lang: 'en',
  // there is no picture for the tab, and browsers need not look for one
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  cleanUrls: true,
  // a link to nothing fails the build; the apps of the demo run elsewhere
  ignoreDeadLinks: [/^http:\/\/localhost:/],
  markdown: {
    anchor: { slugify },
    config: (markdown) => void markdown.core.ruler.push('links-to-sources', linksToSources),
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: 'deep',
    nav: [
      { text: 'Learn', link: '/learn' },
      { text: 'Guides', link: '/guides/' },
      { text: 'Reference', link: '/reference/' },
      { text: 'Configuration', link: '/configuration' },
      { text: 'Errors', link: '/errors' },
    ],
    sidebar: [
      { text: 'Learn', items: [page('learn'), page('comparison')] },
      { text: 'Guides', items: [...pages('guides'), ...pages('guides/operation')] },
      { text: 'Reference', items: [page('configuration'), page('errors'), ...references()] },
      {
        text: 'Promises',
        items: ['security', 'threat-model', 'performance', 'requirements'].map(page),
      },
      { text: 'The house', items: ['architecture', 'where-to-change'].map(page) },
      { text: 'Decisions', collapsed: true, items: pages('adr') },
    ],
    docFooter: { prev: false, next: false },
  },
});

/** The anchor of a heading, as it is where the repository is read. */
function slugify(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

/** The pages of a folder, in their order. */
function pages(folder: string): DefaultTheme.SidebarItem[] {
  if (!existsSync(docs + folder)) return [];
  const files = readdirSync(docs + folder).filter((name) => name.endsWith('.md') && name !== 'index.md');
  return files.sort().map((name) => page(`${folder}/${name.slice(0, -3)}`));
}

/** The libraries, and the features among them. */
function references(): DefaultTheme.SidebarItem[] {
  if (!existsSync(`${docs}reference`)) return [];
  const files = readdirSync(`${docs}reference`, { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => name.endsWith('/src.md'))
    .sort()
    .map((name) => ({ text: name.slice(0, -'/src.md'.length), link: `/reference/${name.slice(0, -3)}` }));
}

function page(path: string): DefaultTheme.SidebarItem {
  const text = existsSync(`${docs}${path}.md`) ? readFileSync(`${docs}${path}.md`, 'utf8') : '';
  const title = /^# (.+)$/m.exec(text)?.[1] ?? path;
  return { text: title.replaceAll('\\', ''), link: `/${path}` };
}

interface Token {
  readonly children?: readonly Token[] | null;
  type: string;
  tag: string;
  attrs: [string, string][] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}

/**
 * Pages may name files of the repository, which are no pages of the site: the README of a library is its reference here, and other
 * files are names. Each has to be there.
 */
function linksToSources({ tokens, env }: { tokens: readonly Token[]; env: { relativePath: string } }): void {
  let isName = false;
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    if (token.type === 'link_close' && isName) {
      Object.assign(token, { type: 'span_close', tag: 'span' });
      isName = false;
    }
    if (token.type !== 'link_open') continue;
    const target = fileOf(token.attrGet('href') ?? '', env.relativePath);
    if (target === undefined) continue;
    const [, library] = /^libs\/(.+)\/README\.md$/.exec(target) ?? [];
    if (library !== undefined) {
      token.attrSet('href', `/reference/${library}/src`);
      continue;
    }
    isName = true;
    Object.assign(token, { type: 'span_open', tag: 'span', attrs: [['title', target]] });
  }
}

/** The file of the repository that a link leads to; `undefined` for one to a page, or to another site. */
function fileOf(href: string, from: string): string | undefined {
  if (/^(?:[a-z]+:|#|\/)/.test(href)) return undefined;
  const target = posix.join('docs', posix.dirname(from), href.split('#', 1)[0]!);
  if (target.startsWith('docs/') && target.endsWith('.md')) return undefined;
  if (!existsSync(root + target)) throw new Error(`docs/${from} links to ${href}, which is not there`);
  return target;
}
