import { readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { ConfigurationError, readSmallFile } from '@onbehalf/oauth-protocol';
import { parse } from 'yaml';
import { isLanguageTag } from '../../configuration/schema/pages.schema.js';
import { ENGLISH, type Texts, type TextKey } from './english.js';
import { SHIPPED, type Language } from './languages.js';

/** Bytes of a file. */
const LARGEST = 1024 * 1024;
const EXTENSIONS = ['.yaml', '.yml', '.json'];
const KEYS: ReadonlySet<string> = new Set(Object.keys(ENGLISH));

/**
 * The languages that ship with the server, with those of a folder: one file each, named by its language tag. What a file leaves out is
 * said as a shipped language says it, or else in English.
 * @throws ConfigurationError for a file that cannot be read, a text that no page has, and a value that no text has
 */
export function readLanguages(folder: string | undefined): readonly Language[] {
  if (folder === undefined) return SHIPPED;
  const read = filesOf(folder).map((file) => readLanguage(folder, file));
  const others = SHIPPED.filter(({ tag }) => !read.some((language) => language.tag === tag));
  const all = [...others, ...read];
  // the one that all others fall back to stands first
  return [...all.filter(({ tag }) => tag === 'en'), ...all.filter(({ tag }) => tag !== 'en')];
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => EXTENSIONS.includes(extname(file)))
      .sort();
  } catch (error) {
    throw new ConfigurationError('pages.languages', folder, `a folder that can be read (${codeOf(error)})`);
  }
}

function readLanguage(folder: string, file: string): Language {
  const setting = `pages.languages: ${file}`;
  const tag = file.slice(0, -extname(file).length);
  if (!isLanguageTag(tag)) throw new ConfigurationError(setting, tag, 'a file named by a language tag (BCP 47)');
  const texts = parseTexts(join(folder, file), setting);
  for (const [key, text] of Object.entries(texts)) checkText(`${setting}: ${key}`, key, text);
  const [canonical = tag] = Intl.getCanonicalLocales(tag);
  const shipped = SHIPPED.find((each) => each.tag === canonical.split('-')[0])?.texts ?? ENGLISH;
  return { tag: canonical, direction: directionOf(canonical), texts: { ...shipped, ...(texts as Partial<Texts>) } };
}

function parseTexts(path: string, setting: string): Readonly<Record<string, unknown>> {
  let texts: unknown;
  try {
    texts = parse(readSmallFile(path, LARGEST).toString());
  } catch (error) {
    throw new ConfigurationError(setting, codeOf(error), 'a file of YAML or JSON that can be read');
  }
  if (typeof texts === 'object' && texts !== null && !Array.isArray(texts)) return texts as Record<string, unknown>;
  throw new ConfigurationError(setting, texts, 'texts by their keys');
}

function checkText(setting: string, key: string, text: unknown): void {
  if (!KEYS.has(key)) throw new ConfigurationError(setting, text, 'a key of a text of the pages');
  if (typeof text !== 'string' || text.trim() === '') throw new ConfigurationError(setting, text, 'a text');
  const [known, used] = [placeholdersOf(ENGLISH[key as TextKey]), placeholdersOf(text)];
  if (used.join() !== known.join()) {
    const accepted = known.length === 0 ? 'a text without {…}' : `a text with each of ${known.join(' ')} once`;
    throw new ConfigurationError(setting, text, accepted);
  }
}

function placeholdersOf(text: string): string[] {
  return (text.match(/\{[^{}]*\}/g) ?? []).sort();
}

/** How a language is written. Unicode CLDR, character order */
function directionOf(tag: string): Language['direction'] {
  const locale = new Intl.Locale(tag) as Intl.Locale & { getTextInfo?(): { readonly direction?: string } };
  return locale.getTextInfo?.().direction === 'rtl' ? 'rtl' : 'ltr';
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message.split('\n', 1)[0] ?? 'broken';
}
