import { asciiLowerCase } from './ascii-lower-case.js';

/** Whether `value` is an absolute URI: a scheme, something after it, and no fragment. RFC 3986 §4.3. */
export function isAbsoluteUri(value: string): boolean {
  // URL accepts blanks, control characters and halves of characters, and drops or replaces them; a URI has none.
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s#\p{Cc}\p{Cs}]+$/u.test(value) && URL.canParse(value);
}

/**
 * Whether `value` may stand as a `resource` parameter: an absolute URI without a fragment component.
 * RFC 8707 §2, RFC 3986 §4.3.
 */
export function isResourceIndicator(value: string): boolean {
  return isAbsoluteUri(value);
}

const URI = /^([a-z][a-z0-9+.-]*:)(?:\/\/([^/?#]*))?(.*)$/is;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The one spelling of a URI that has several: scheme and host in lower case and, for http and https, no default port and a path.
 * Nothing else is changed. RFC 3986 §6.2.2.1, §6.2.3
 */
export function normalizeUri(uri: string): string {
  const [, scheme = '', authority, rest = ''] = URI.exec(uri) ?? [];
  if (scheme === '') return uri;
  const of = asciiLowerCase(scheme);
  if (authority === undefined) return of + rest;
  const defaultPort = DEFAULT_PORTS[of];
  if (defaultPort === undefined) return `${of}//${normalizeAuthority(authority)}${rest}`;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return `${of}//${normalizeAuthority(authority).replace(new RegExp(`:(${defaultPort})?$`), '')}${path}`;
}

/** Whose user information is case-sensitive. */
function normalizeAuthority(authority: string): string {
  const host = authority.lastIndexOf('@') + 1;
  return authority.slice(0, host) + asciiLowerCase(authority.slice(host));
}
