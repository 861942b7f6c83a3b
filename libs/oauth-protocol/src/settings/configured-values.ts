import { ConfigurationError } from './configuration-error.js';
import { isLoopbackHost } from './loopback.js';

/** Shown in place of what may be a secret. */
const HIDDEN = '(hidden)';

/**
 * An absolute http or https URL. One with credentials or with a fragment names nothing that a server, a resource or an issuer may be
 * called (RFC 8707 §2, RFC 8414 §2), and its password would stand in logs.
 * @throws ConfigurationError
 */
export function httpUrl(setting: string, value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new ConfigurationError(setting, value, 'an http or https URL');
  if (url.username || url.password) throw new ConfigurationError(setting, HIDDEN, 'a URL without credentials');
  if (url.href.includes('#')) throw new ConfigurationError(setting, value, 'a URL without fragment');
  return value as string;
}

/**
 * A URL that is fetched from: over TLS, unless it stays on this machine or is allowed expressly. RFC 8725 §3.10
 * @throws ConfigurationError
 */
export function fetchedUrl(setting: string, value: unknown, allowInsecureHttp = false): string {
  const url = httpUrl(setting, value);
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || allowInsecureHttp || isLoopbackHost(hostname)) return url;
  throw new ConfigurationError(setting, url, 'an https URL, or an http one together with allowInsecureHttp: true');
}

/**
 * An object with no option but the known ones: a mistyped one would otherwise be ignored without a word.
 * @param prefix stands before each name in the error
 * @throws ConfigurationError
 */
export function onlyKnown(prefix: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    const given = options ?? undefined;
    // what was given may be a secret
    const setting = prefix.replace(/\.$/, '') || 'options';
    throw new ConfigurationError(setting, given && typeof given, `an object of ${known.join(', ')}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new ConfigurationError(prefix + unknown, 'not an option', known.join(', '));
}

/**
 * No option that is named and yet `undefined`: an environment variable that is not set must not mean what leaving out means.
 * @param prefix stands before each name in the error
 * @throws ConfigurationError
 */
export function noneUnset<T extends object>(prefix: string, options: T, names: readonly (keyof T & string)[]): void {
  const unset = names.find((name) => name in options && options[name] === undefined);
  if (unset !== undefined)
    throw new ConfigurationError(prefix + unset, undefined, 'a value; leave the option out for none');
}
