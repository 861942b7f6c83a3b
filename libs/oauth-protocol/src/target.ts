/** Whether `value` is an absolute URI: a scheme, something after it, and no fragment. RFC 3986 §4.3. */
export function isAbsoluteUri(value: string): boolean {
  // URL accepts surrounding blanks and control characters and drops them; a URI has none.
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s#\p{Cc}]+$/u.test(value) && URL.canParse(value);
}

/**
 * Whether `value` may stand as a `resource` parameter: an absolute URI without a fragment component.
 * RFC 8707 §2, RFC 3986 §4.3.
 */
export function isResourceIndicator(value: string): boolean {
  return isAbsoluteUri(value);
}
