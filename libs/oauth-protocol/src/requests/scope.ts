import { OAuthError } from '../refusals/oauth-error.js';

// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Whether `value` is one scope token. RFC 6749 §3.3. */
export function isScopeToken(value: string): boolean {
  return SCOPE_TOKEN.test(value);
}

/** Whether `value` is a list of scope tokens as it has to be written, with one space between them. RFC 6749 §3.3. */
export function isScope(value: string): boolean {
  return value.split(' ').every(isScopeToken);
}

/**
 * The scope tokens of a `scope` parameter or claim (RFC 6749 §3.3, RFC 8693 §4.2): space-separated, order kept, each once.
 * @throws OAuthError `invalid_scope` when a token holds a character that a scope may not have.
 */
export function parseScope(value: string): readonly string[] {
  const tokens = new Set(value.split(' ').filter((token) => token !== ''));
  for (const token of tokens) {
    if (!isScopeToken(token)) throw new OAuthError('invalid_scope', 'scope contains characters that are not allowed');
  }
  return [...tokens];
}

/** The `scope` parameter or claim for these scope tokens. RFC 6749 §3.3. */
export function formatScope(scopes: Iterable<string>): string {
  return [...scopes].join(' ');
}
