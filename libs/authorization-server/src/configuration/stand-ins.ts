import { hash } from 'node:crypto';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { z } from 'zod';
import { formatPath } from './mistakes.js';

type Issue = z.core.$ZodIssue;

/** Equal where the variables are, different where they are not, and like nothing that anybody writes. */
const nameFor = (text: string): string => `https://${hash('sha256', text, 'hex').slice(0, 16)}.example`;

/** One of them fits nearly wherever a variable may stand. */
const STAND_INS: readonly ((text: string, issue: Issue) => unknown)[] = [
  nameFor,
  () => `scrypt$65536$8$2$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  () => 1,
  () => true,
  (_, issue) => (issue.code === 'invalid_value' ? issue.values[0] : true),
  () => 'someone@some.example',
  () => '#000000',
  () => 'en',
];

/** What stands in the place of variables that are not set. Nobody has written it, so nobody is told it. */
export class StandIns {
  /** What is written where something stands in, by its path. */
  readonly #written = new Map<string, { readonly text: string; readonly fitting: unknown }>();

  add(path: string, text: string, fitting: unknown): void {
    this.#written.set(path, { text, fitting });
  }

  /** Nothing fits at a path. */
  leave(path: string): void {
    this.#written.delete(path);
  }

  /** Whether something stands in at a path. */
  has(path: string): boolean {
    return this.#written.has(path);
  }

  /**
   * A mistake in the words of the file.
   * @param nameOf how mistakes name a setting
   * @returns `undefined` when it is one of a value that nobody knows yet
   */
  told(mistake: ConfigurationError, nameOf: (path: string) => string): ConfigurationError | undefined {
    const { setting, given, accepted } = mistake;
    for (const [path, { text, fitting }] of this.#written) {
      if (nameOf(path) !== setting) continue;
      return fitting === nameFor(text) ? new ConfigurationError(setting, text, this.#inText(accepted)) : undefined;
    }
    return new ConfigurationError(setting, this.#in(given), this.#inText(accepted));
  }

  #in(given: unknown): unknown {
    if (typeof given === 'string') return this.#inText(given);
    if (Array.isArray(given)) return given.map((item) => this.#in(item));
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, this.#in(value)]));
  }

  #inText(told: string): string {
    let text = told;
    for (const { text: written } of this.#written.values()) text = text.replaceAll(nameFor(written), () => written);
    return text;
  }
}

/**
 * Puts something that fits in the place of variables that are not set, which stand there as they are written.
 * @param issues what the schema finds in the configuration as it is now
 */
export function standIn(configuration: unknown, issues: () => readonly Issue[]): StandIns {
  const standIns = new StandIns();
  const places = [...openPlaces(configuration, [])];
  const wrong = (): ReadonlyMap<string, Issue> => new Map(issues().map((issue) => [JSON.stringify(issue.path), issue]));
  for (const fitting of STAND_INS) {
    const found = wrong();
    for (const { holder, key, path, text } of places) {
      const issue = found.get(JSON.stringify(path));
      if (issue) standIns.add(formatPath(path), text, (holder[key] = fitting(text, issue)));
    }
  }
  const left = wrong();
  for (const { holder, key, path, text } of places) {
    if (!left.has(JSON.stringify(path))) continue;
    holder[key] = text;
    standIns.leave(formatPath(path));
  }
  return standIns;
}

interface Place {
  readonly holder: Record<PropertyKey, unknown>;
  readonly key: PropertyKey;
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

function* openPlaces(value: unknown, path: readonly PropertyKey[]): Generator<Place> {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Place['holder'];
  for (const [name, item] of Object.entries(holder)) {
    const key = Array.isArray(value) ? Number(name) : name;
    const at = [...path, key];
    if (typeof item === 'string' && item.includes('${')) yield { holder, key, path: at, text: item };
    else yield* openPlaces(item, at);
  }
}
