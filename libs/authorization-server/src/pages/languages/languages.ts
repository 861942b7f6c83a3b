import { ENGLISH, type Texts } from './english.js';
import { FRENCH } from './french.js';
import { GERMAN } from './german.js';

/** A language that the pages can be shown in. */
export interface Language {
  /** BCP 47 */
  readonly tag: string;
  readonly direction: 'ltr' | 'rtl';
  readonly texts: Texts;
}

/** The one that everybody gets who wants none of the others. */
export const DEFAULT_LANGUAGE: Language = { tag: 'en', direction: 'ltr', texts: ENGLISH };

/** Those that ship with the server. */
export const SHIPPED: readonly Language[] = [
  DEFAULT_LANGUAGE,
  { tag: 'de', direction: 'ltr', texts: GERMAN },
  { tag: 'fr', direction: 'ltr', texts: FRENCH },
];

/** The languages of a server, and which of them somebody gets. */
export class Languages {
  readonly #languages: readonly Language[];

  constructor(languages: readonly Language[] = SHIPPED) {
    this.#languages = languages;
  }

  get tags(): readonly string[] {
    return this.#languages.map(({ tag }) => tag);
  }

  /**
   * The first language that is wanted and known, English where none is.
   * @param uiLocales language tags, the most wanted first. OpenID Connect Core §3.1.2.1
   * @param acceptLanguage what the browser wants where the client does not say. RFC 9110 §12.5.4
   */
  choose(uiLocales?: string, acceptLanguage?: string): Language {
    const wanted = [...(uiLocales?.split(' ') ?? []), ...rangesOf(acceptLanguage ?? '')];
    for (const range of wanted.slice(0, MOST)) {
      const found = this.#find(range);
      if (found) return found;
    }
    return this.#languages[0] ?? DEFAULT_LANGUAGE;
  }

  #find(range: string): Language | undefined {
    const named = (tag: string): Language | undefined => this.#languages.find((each) => each.tag.toLowerCase() === tag);
    const subtags = range.toLowerCase().split('-');
    // RFC 4647 §3.4: from the end, until something is known
    for (let length = subtags.length; length > 0; length -= 1) {
      const found = named(subtags.slice(0, length).join('-'));
      if (found) return found;
    }
    // a neighbour of the language is better than another language
    return this.#languages.find(({ tag }) => tag.toLowerCase().split('-')[0] === subtags[0]);
  }
}

/** Ranges that are looked at. */
const MOST = 50;

/** The languages of an Accept-Language header, the most wanted first. RFC 9110 §12.4.2 */
function rangesOf(header: string): string[] {
  return header
    .split(',', MOST)
    .map((entry) => {
      const [range = '', ...parameters] = entry.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2);
      return { range, weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ range, weight }) => range !== '' && range !== '*' && weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ range }) => range);
}
