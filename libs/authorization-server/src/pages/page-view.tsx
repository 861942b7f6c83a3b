import type { IncomingMessage } from 'node:http';
import type { VNode } from '@onbehalf/html';
import type { PagesConfig } from '../configuration/schema/pages.schema.js';
import { toColors } from './brand/colors.js';
import { readLogo, type Logo } from './brand/logo.js';
import { DEFAULT_LANGUAGE, Languages, type Language } from './languages/languages.js';
import type { TextKey } from './languages/english.js';
import { readLanguages } from './languages/read-languages.js';
import { stylesheet } from './stylesheet.js';

/** Values for the `{names}` of a text. */
type Values = Readonly<Record<string, VNode | string>>;

/** How a page looks to one visitor: in which language, and whose it is. */
export class PageView {
  readonly language: Language;
  readonly logo: Logo | undefined;
  readonly #name: string | undefined;
  readonly #scopes: PagesConfig['scopes'];

  constructor(language = DEFAULT_LANGUAGE, brand: Partial<Pick<Pages, 'name' | 'logo' | 'scopes'>> = {}) {
    this.language = language;
    this.logo = brand.logo;
    this.#name = brand.name;
    this.#scopes = brand.scopes ?? {};
  }

  /** Whose page it is. */
  get name(): string {
    return this.#name ?? this.text('server.name');
  }

  /** A text in the language of the visitor. */
  text(key: TextKey): string {
    return this.language.texts[key];
  }

  /** A text with its values in their places. */
  fill(key: TextKey, values: Values): (VNode | string)[] {
    return this.text(key)
      .split(/\{([^{}]*)\}/)
      .map((part, index) => (index % 2 === 1 ? (values[part] ?? '') : part))
      .filter((part) => part !== '');
  }

  /** What a scope lets a client do; `undefined` where nobody has said it in words. */
  scope(scope: string): string | undefined {
    const words = Object.hasOwn(this.#scopes, scope) ? this.#scopes[scope] : undefined;
    if (typeof words === 'string') return words;
    if (words) return this.#inLanguage(words);
    const key = `scope.${scope}`;
    return Object.hasOwn(this.language.texts, key) ? this.text(key as TextKey) : undefined;
  }

  /**
   * A day, as the language of the visitor writes it.
   * @param time seconds since the epoch
   */
  date(time: number): string {
    return new Intl.DateTimeFormat(this.language.tag, { dateStyle: 'long' }).format(time * 1000);
  }

  #inLanguage(words: Readonly<Record<string, string>>): string | undefined {
    const tags = Object.keys(words);
    const languages = new Languages(tags.map((tag) => ({ ...this.language, tag })));
    const { tag } = languages.choose(`${this.language.tag} en`);
    return words[tag] ?? words[tags[0] ?? ''];
  }
}

/** The pages of a server: the languages that they can be shown in, and whose they are. */
export class Pages {
  readonly languages: Languages;
  readonly name: string | undefined;
  readonly logo: Logo | undefined;
  readonly scopes: PagesConfig['scopes'];
  readonly stylesheet: string;

  /** @throws ConfigurationError for a language, a logo or a colour that cannot be used */
  constructor(config: PagesConfig = { scopes: {} }) {
    this.languages = new Languages(readLanguages(config.languages));
    this.name = config.name;
    this.logo = readLogo(config.logo);
    this.scopes = config.scopes;
    this.stylesheet = stylesheet(toColors(config.colors));
  }

  /**
   * The pages for whoever sent a request.
   * @param uiLocales of the authorization request that it belongs to; absent: of its own query. OpenID Connect Core §3.1.2.1
   */
  for({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>, uiLocales?: unknown): PageView {
    const query = new URLSearchParams(url.split('?', 2)[1]);
    const wanted = typeof uiLocales === 'string' ? uiLocales : (query.get('ui_locales') ?? undefined);
    return new PageView(this.languages.choose(wanted, headers['accept-language']), this);
  }
}

/** As it is shown where nothing else is said. */
export const DEFAULT_VIEW = new PageView();
