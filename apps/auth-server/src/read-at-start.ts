import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerConfig } from '@onbehalf/authorization-server';
import { keyFileOf, withoutPassword } from '@onbehalf/authorization-store';
import { readSmallFile, valueOrFile } from '@onbehalf/oauth-protocol';
import type { Settings } from './environment.js';

/** Bytes: a logo, a language or a key, which their own readers hold to less. */
const LARGEST = 1024 * 1024;

/** The files that are read at the start alone, by what names them in the answer of a reload. */
export class ReadAtStart {
  readonly #files: () => Readonly<Record<string, readonly string[]>>;
  readonly #before: Readonly<Record<string, string>>;

  constructor({ DATABASE_URL, ENCRYPTION_KEYS }: Settings, { pages }: ServerConfig) {
    const database = /^sqlite:(?!:memory:$)(.+)/.exec(DATABASE_URL)?.[1];
    const { logo, languages } = pages;
    this.#files = () => ({
      pages: [...(isFile(logo) ? [logo] : []), ...(languages === undefined ? [] : filesIn(languages))],
      // the key beside a SQLite file is read in their place
      ENCRYPTION_KEYS: database === undefined || ENCRYPTION_KEYS ? [] : [keyFileOf(database)],
    });
    this.#before = this.#now();
  }

  /** What has another content than at the start. */
  get changed(): readonly string[] {
    const now = this.#now();
    return Object.keys(now).filter((name) => now[name] !== this.#before[name]);
  }

  #now(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(this.#files()).map(([name, files]) => [name, JSON.stringify(files.map(contentOf))]),
    );
  }
}

/** Those of the changed settings that a restart is what takes up: a password in a file is read for each connection. */
export function restarting(changed: readonly string[], settings: Settings): readonly string[] {
  return changed.filter((name) => !isFollowed(name, settings));
}

function isFollowed(name: string, { DATABASE_URL, DATABASE_URL_FILE, DATABASE_PASSWORD_FILE }: Settings): boolean {
  if (name === 'DATABASE_PASSWORD') return DATABASE_PASSWORD_FILE !== undefined;
  if (name !== 'DATABASE_URL' || DATABASE_URL_FILE === undefined || DATABASE_PASSWORD_FILE !== undefined) return false;
  const now = valueOrFile('DATABASE_URL', { DATABASE_URL_FILE }) ?? '';
  return withoutPassword(now) === withoutPassword(DATABASE_URL);
}

function isFile(logo: string | undefined): logo is string {
  return logo !== undefined && !/^data:/i.test(logo);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [folder];
  }
}

/** Never the content itself: some of them are keys. */
function contentOf(path: string): readonly [path: string, hash: string] {
  try {
    return [path, hash('sha256', readSmallFile(path, LARGEST), 'base64url')];
  } catch (error) {
    return [path, String((error as NodeJS.ErrnoException).code)];
  }
}
