import { valueOrFile } from '@onbehalf/oauth-protocol';
import { passwordIn } from './postgres-url.js';

/** Where an app is told the password for PostgreSQL: in the address or apart from it, as a value or in a file. */
export interface PasswordSettings {
  readonly DATABASE_URL: string;
  readonly DATABASE_URL_FILE?: string | undefined;
  readonly DATABASE_PASSWORD?: string | undefined;
  readonly DATABASE_PASSWORD_FILE?: string | undefined;
}

/** How the password is read for each connection, where it is not in the address for good: one in a file may change while the app runs. */
export function databasePassword(settings: PasswordSettings): (() => string | undefined) | undefined {
  const { DATABASE_PASSWORD, DATABASE_PASSWORD_FILE, DATABASE_URL_FILE } = settings;
  if (DATABASE_PASSWORD_FILE !== undefined) return () => valueOrFile('DATABASE_PASSWORD', { DATABASE_PASSWORD_FILE });
  if (DATABASE_PASSWORD !== undefined) return () => DATABASE_PASSWORD;
  if (DATABASE_URL_FILE === undefined) return undefined;
  return () => passwordIn(valueOrFile('DATABASE_URL', { DATABASE_URL_FILE }) ?? '');
}

/** What `DATABASE_PASSWORD` may be, where the one that is given does not go together with `DATABASE_URL`. */
export function acceptedPassword({ DATABASE_URL, DATABASE_PASSWORD }: PasswordSettings): string | undefined {
  if (DATABASE_PASSWORD === undefined) return undefined;
  if (passwordIn(DATABASE_URL) !== undefined) return 'nothing, because DATABASE_URL has a password';
  if (DATABASE_URL.startsWith('sqlite:')) return 'nothing, because DATABASE_URL is one of SQLite';
  return undefined;
}
