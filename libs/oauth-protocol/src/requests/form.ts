import { OAuthError } from '../refusals/oauth-error.js';

/**
 * The value of a parameter that may be sent once; `undefined` when it is absent or empty.
 * RFC 6749 §3.2: a parameter without a value is treated as omitted, and none may be included more than once.
 * @throws OAuthError `invalid_request` when the parameter is repeated.
 */
export function singleParameter(form: URLSearchParams, name: string): string | undefined {
  const values = form.getAll(name);
  if (values.length > 1) throw new OAuthError('invalid_request', `${name} must not be repeated`);
  return values[0] || undefined;
}

/** The distinct non-empty values of a parameter that may be repeated (RFC 8693 §2.1: `resource` and `audience`). */
export function repeatableParameter(form: URLSearchParams, name: string): readonly string[] {
  return [...new Set(form.getAll(name).filter((value) => value !== ''))];
}
