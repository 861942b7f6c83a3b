import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pages as schema } from '../configuration/schema/pages.schema.js';
import { contrast } from './brand/contrast.js';
import { ENGLISH } from './languages/english.js';
import { Languages, SHIPPED } from './languages/languages.js';
import { loginPage } from './login-page.js';
import { Pages } from './page-view.js';
import { refusalPage } from './refusal-page.js';

const folder = (files: Readonly<Record<string, string>>): string => {
  const path = mkdtempSync(join(tmpdir(), 'languages-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
};
const pagesOf = (config: object): Pages => new Pages(schema.parse(config));
const request = (uiLocales?: string, accept?: string) => ({
  url: uiLocales === undefined ? '/' : `/?ui_locales=${encodeURIComponent(uiLocales)}`,
  headers: accept === undefined ? {} : { 'accept-language': accept },
});

describe('the language of a page', () => {
  it.each<[string | undefined, string | undefined, string]>([
    [undefined, undefined, 'en'],
    ['de', 'fr', 'de'],
    ['de-AT', undefined, 'de'],
    ['DE-at', undefined, 'de'],
    ['zh-Hant-TW fr-CA de', undefined, 'fr'],
    ['xx', 'fr;q=0.5, de;q=0.9', 'de'],
    [undefined, 'de;q=0, fr', 'fr'],
    [undefined, '*', 'en'],
    [undefined, 'de;q=nonsense, fr;q=0.1', 'fr'],
    ['', 'de', 'de'],
    ['../../etc/passwd <script>', undefined, 'en'],
    ['__proto__ constructor', undefined, 'en'],
    [' '.repeat(10_000), 'fr', 'en'],
  ])('for ui_locales %j and Accept-Language %j is %s', (uiLocales, accept, expected) => {
    expect(new Pages().for(request(uiLocales, accept)).language.tag).toBe(expected);
  });

  it('is said by lang and dir, and every text of it is there', () => {
    for (const { tag, texts } of SHIPPED) {
      expect(Object.keys(texts).sort()).toEqual(Object.keys(ENGLISH).sort());
      expect(loginPage({ action: '/', clientId: 'site' }, new Pages().for(request(tag)))).toContain(
        `<html lang="${tag}" dir="ltr">`,
      );
    }
  });

  it('may come from a file, whose gaps are filled in English, and which is read from right to left', () => {
    const languages = folder({ 'he.yaml': 'login.title: כניסה', 'de-AT.json': '{"login.title": "Servus"}' });
    const pages = pagesOf({ languages });
    expect(pages.languages.tags).toEqual(['en', 'de', 'fr', 'de-AT', 'he']);
    const hebrew = loginPage({ action: '/', clientId: 'site' }, pages.for(request('he')));
    expect(hebrew).toContain('<html lang="he" dir="rtl">');
    expect([hebrew.includes('<h1>כניסה</h1>'), hebrew.includes('User name')]).toEqual([true, true]);
    const austrian = loginPage({ action: '/', clientId: 'site' }, pages.for(request('de-AT')));
    expect([austrian.includes('Servus'), austrian.includes('Benutzername')]).toEqual([true, true]);
    expect(new Languages([...SHIPPED]).choose('de-AT').tag).toBe('de');
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'a key that no page has',
      { 'he.yaml': 'login.titel: x' },
      'he.yaml: login.titel is "x"; accepted: a key of a text',
    ],
    ['a value that the text has not', { 'he.yaml': 'login.title: "{user}"' }, 'accepted: a text without'],
    ['without its value', { 'he.yaml': 'login.client: x' }, 'accepted: a text with each of {client} once'],
    ['no text', { 'he.yaml': 'login.title: 3' }, 'login.title is 3; accepted: a text'],
    ['no texts', { 'he.yaml': '- a' }, 'accepted: texts by their keys'],
    ['broken', { 'he.yaml': 'a: [' }, 'accepted: a file of YAML or JSON'],
    ['another name', { 'klingon!.yaml': 'login.title: x' }, 'accepted: a file named by a language tag'],
  ])('stops the start when a file is %s', (_, files, message) => {
    expect(() => pagesOf({ languages: folder(files) })).toThrow(message);
  });

  it('stops the start when there is no such folder', () => {
    expect(() => pagesOf({ languages: '/nowhere' })).toThrow('pages.languages is "/nowhere"; accepted: a folder');
  });

  it('escapes what a file says', () => {
    const pages = pagesOf({ languages: folder({ 'he.yaml': 'login.title: "<script>1</script>"' }) });
    expect(loginPage({ action: '/', clientId: 'a' }, pages.for(request('he')))).not.toContain('<script>');
  });
});

describe('the words of a scope', () => {
  const pages = pagesOf({
    scopes: { 'note.read': 'Read your notes', 'note.write': { en: 'Write', 'de-DE': 'Schreiben' } },
  });
  it.each([
    ['openid', 'en', 'Know that it is you'],
    ['note.read', 'de', 'Read your notes'],
    ['note.write', 'de', 'Schreiben'],
    ['note.write', 'fr', 'Write'],
    ['constructor', 'en', undefined],
    ['unknown', 'en', undefined],
  ])('%s in %s: %s', (scope, tag, expected) => {
    expect(pages.for(request(tag)).scope(scope)).toBe(expected);
  });
});

describe('the brand', () => {
  const png = Buffer.from('89504e470d0a1a0a00000000', 'hex').toString('base64');

  it('has a name and a logo on each page', () => {
    const pages = pagesOf({ name: 'Ex & Co', logo: `data:image/png;base64,${png}` });
    const text = refusalPage(404, undefined, pages.for(request()));
    expect(text).toContain('<title>This did not work · Ex &amp; Co</title>');
    expect(text).toMatch(/<img class="logo" src="\/assets\/logo-[0-9a-f]{16}\.png" alt="Ex &amp; Co"\/>/);
    expect(pages.logo?.type).toBe('image/png');
  });

  const svg = (content: string): string =>
    `data:image/svg+xml;base64,${Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${content}</svg>`).toString('base64')}`;

  it('takes an SVG that is a picture alone', () => {
    expect(pagesOf({ logo: svg('<path fill="url(#a)" d="M0 0"/><use href="#b"/>') }).logo?.type).toBe('image/svg+xml');
  });

  it.each([
    ['an address elsewhere', 'https://cdn.example/logo.png'],
    ['a file that is not there', '/nowhere/logo.png'],
    ['text', `data:image/png;base64,${Buffer.from('<html>').toString('base64')}`],
    ['a data: URL of text', 'data:text/html,<script>'],
    ['an SVG with a script', svg('<script>1</script>')],
    ['an SVG with a handler', svg('<path onload="1"/>')],
    ['an SVG with a foreign object', svg('<foreignObject/>')],
    ['an SVG with an address elsewhere', svg('<image href="https://a.example/"/>')],
    ['an SVG with a javascript: link', svg('<a href="javascript:1"/>')],
    ['an SVG that loads styles', svg('<style>@import "https://a.example"</style>')],
  ])('stops the start when the logo is %s', (_, logo) => {
    expect(() => pagesOf({ logo })).toThrow('pages.logo');
  });

  it('has colours that can be read, with white or black on the buttons', () => {
    const { stylesheet } = pagesOf({ colors: { light: { accent: '#0a6b49' }, dark: { accent: '#ffd54a' } } });
    expect(stylesheet).toMatch(/--accent: #0a6b49; --on-accent: #ffffff/);
    expect(stylesheet).toMatch(/--accent: #ffd54a; --on-accent: #000000/);
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
  });

  it.each([
    ['light', { accent: '#ffff00' }],
    ['dark', { accent: '#101018' }],
    ['light', { ink: '#cccccc' }],
    ['dark', { card: '#ffffff' }],
  ])('stops the start when something cannot be read on a %s screen: %j', (theme, colors) => {
    expect(() => pagesOf({ colors: { [theme]: colors } })).toThrow(`pages.colors.${theme}.${Object.keys(colors)[0]}`);
  });

  it.each(['red', '#fff', '#12345g', '#ffffff;}body{display:none'])('takes no colour but #rrggbb: %s', (accent) => {
    expect(schema.safeParse({ colors: { light: { accent } } }).success).toBe(false);
  });
});
