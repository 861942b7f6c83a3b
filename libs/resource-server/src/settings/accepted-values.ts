import { isThisMachine } from '@onbehalf/jwt-verification';
import { ConfigurationError } from '@onbehalf/oauth-protocol';

/** An absolute http or https URL. */
export function httpUrl(setting: string, value: unknown): string {
  if (typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new ConfigurationError(setting, value, 'an http or https URL');
}

/** A URL that is fetched from: over TLS, unless it stays on this machine or is allowed expressly. RFC 8725 §3.10. */
export function fetchedUrl(setting: string, value: unknown, allowInsecureHttp = false): string {
  const url = httpUrl(setting, value);
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || allowInsecureHttp || isThisMachine(hostname)) return url;
  throw new ConfigurationError(setting, url, 'an https URL, or an http one together with allowInsecureHttp: true');
}

/** One or more non-empty names; an empty list would demand nothing where the reader sees a demand. */
export function names(setting: string, value: unknown, accepted: string): readonly string[] {
  const isName = (name: unknown): boolean => typeof name === 'string' && name !== '';
  if (Array.isArray(value) && value.length > 0 && value.every(isName)) return value as readonly string[];
  throw new ConfigurationError(setting, value, accepted);
}

/** A whole number within bounds. */
export function wholeNumber(setting: string, value: unknown, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw new ConfigurationError(setting, value, `a whole number from ${least} to ${most}`);
}

/** One of the values. */
export function oneOf<T extends string>(setting: string, value: unknown, values: readonly T[]): T {
  if (values.includes(value as T)) return value as T;
  throw new ConfigurationError(setting, value, values.join(' or '));
}

/** No setting but the known ones: a mistyped one would otherwise be ignored without a word. */
export function onlyKnown(prefix: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ConfigurationError(`${prefix}${unknown}`, 'not an option', known.map((name) => prefix + name).join(', '));
  }
}
