import { ConfigurationError } from './configuration-error.js';
import { readSmallFile } from './read-small-file.js';

/** Bytes; no setting is longer. */
const LONGEST = 1024 * 1024;

/**
 * The value of a setting, or the content of the file that `NAME_FILE` names, as secrets are mounted into containers; without the
 * line end that editors leave behind it. An empty variable counts as not set.
 * @returns `undefined` when neither is given
 * @throws ConfigurationError when both are given, or the file cannot be read, is empty or holds more than 1 MiB; it never holds what is in the file
 */
export function valueOrFile(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const value = given(environment[name]);
  const setting = `${name}_FILE`;
  const path = given(environment[setting]);
  if (path === undefined) return value;
  if (value !== undefined) throw new ConfigurationError(setting, path, `either ${name} or ${setting}, not both`);
  const content = read(setting, path);
  if (content.trim() === '') throw new ConfigurationError(setting, path, 'a file that is not empty');
  return content;
}

function given(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}

function read(setting: string, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readSmallFile(path, LONGEST)).replace(/\r?\n$/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(setting, path, `a text file that can be read (${code})`);
  }
}
