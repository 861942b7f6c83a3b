import type { ConfigurationError } from '@onbehalf/oauth-protocol';
import { IDENTITY, TEMPLATE_KINDS, type TemplateKind } from '../schema/templates.schema.js';

/** A configuration in which each entry says all of itself. */
export interface Expanded {
  readonly value: unknown;
  /** By the path of a member that an entry does not say itself, such as `edges[3].mode`: where it comes from. */
  readonly origins: ReadonlyMap<string, string>;
}

type Members = Readonly<Record<string, unknown>>;

/** `{client}` in a template; not the braces of `${NAME}`. */
const REFERENCE = /(?<!\$)\{([A-Za-z]+)\}/g;

/** Whether a text refers to its entry. */
export function isReference(value: unknown): boolean {
  return typeof value === 'string' && value.search(REFERENCE) >= 0;
}

/**
 * Puts templates and defaults into the entries that leave members to them. A member is taken whole, from the entry, else from its
 * template, else from the defaults; nothing is mixed.
 * @param onMistake is told each: the path of the setting, what was given and what is accepted
 */
export function expandTemplates(
  raw: unknown,
  onMistake: (...mistake: ConstructorParameters<typeof ConfigurationError>) => void,
): Expanded {
  const origins = new Map<string, string>();
  if (!isMap(raw)) return { value: raw, origins };
  const sections = Object.entries(raw).map(([section, list]): [string, unknown] => {
    const kind = TEMPLATE_KINDS.find((each) => each === section);
    if (!kind || !Array.isArray(list)) return [section, list];
    const entries = (list as unknown[]).map((entry, i) => {
      if (!isMap(entry)) return entry;
      return new Entry(raw, kind, { entry, path: `${kind}[${i}]` }, { origins, onMistake }).expanded();
    });
    return [section, entries];
  });
  return { value: Object.fromEntries(sections), origins };
}

/** What is left when the entries say it all. */
export function withoutTemplates<Whole extends object>(whole: Whole): Whole {
  const left = Object.entries(whole).filter(([section]) => section !== 'defaults' && section !== 'templates');
  return Object.fromEntries(left) as Whole;
}

class Entry {
  /** By the name of the member. */
  readonly #members: Map<string, unknown>;
  /** Of the members that the entry does not say itself. */
  readonly #origins = new Map<string, string>();

  constructor(
    private readonly raw: Members,
    private readonly kind: TemplateKind,
    private readonly own: { readonly entry: Members; readonly path: string },
    private readonly told: {
      readonly origins: Map<string, string>;
      readonly onMistake: Parameters<typeof expandTemplates>[1];
    },
  ) {
    this.#members = new Map(Object.entries(own.entry));
  }

  expanded(): Members {
    const { path, entry } = this.own;
    const { template } = entry;
    this.#members.delete('template');
    if (template !== undefined) this.#take(this.#template(template), `templates.${this.kind}.${template as string}`);
    this.#take(memberOf(this.raw['defaults'], this.kind), `defaults.${this.kind}`);
    for (const [name, origin] of this.#origins) this.told.origins.set(`${path}.${name}`, origin);
    const filled = [...this.#members].map(([name, value]) =>
      this.#origins.has(name) ? [name, this.#filled(value, `${path}.${name}`)] : [name, value],
    );
    return Object.fromEntries(filled) as Members;
  }

  #template(name: unknown): unknown {
    const known = memberOf(this.raw['templates'], this.kind);
    if (typeof name === 'string' && isMap(known) && Object.hasOwn(known, name)) return known[name];
    const names = isMap(known) ? Object.keys(known).join(', ') : '';
    this.told.onMistake(`${this.own.path}.template`, name, names || `a template of templates.${this.kind}`);
    return undefined;
  }

  /** What is not said yet. */
  #take(members: unknown, origin: string): void {
    if (!isMap(members)) return;
    for (const [name, value] of Object.entries(members)) {
      if (this.#members.has(name)) continue;
      this.#members.set(name, value);
      this.#origins.set(name, `${origin}.${name}`);
    }
  }

  /** With what the entry says in the place of what refers to it, in names as well. */
  #filled(value: unknown, setting: string): unknown {
    if (typeof value === 'string') return value.replace(REFERENCE, (_, name: string) => this.#valueOf(name, setting));
    if (Array.isArray(value)) return value.map((item) => this.#filled(item, setting));
    if (!isMap(value)) return value;
    const members = new Map<unknown, unknown>();
    for (const [name, item] of Object.entries(value)) {
      const filled = this.#filled(name, setting);
      if (members.has(filled)) this.told.onMistake(setting, filled, 'names that differ for this entry');
      members.set(filled, this.#filled(item, setting));
    }
    return Object.fromEntries(members as Map<string, unknown>);
  }

  #valueOf(name: string, setting: string): string {
    const names: readonly string[] = IDENTITY[this.kind];
    const said = names.filter((each) => {
      const value = this.#members.get(each);
      return typeof value === 'string' && !isReference(value);
    });
    if (said.includes(name)) return this.#members.get(name) as string;
    const accepted = `what the entry says: ${said.map((each) => `{${each}}`).join(', ') || 'nothing'}`;
    this.told.onMistake(setting, `{${name}}`, accepted);
    return `{${name}}`;
  }
}

function memberOf(section: unknown, name: string): unknown {
  return isMap(section) ? section[name] : undefined;
}

function isMap(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
