/**
 * Whether a request names what it asks for as a path and a query of this server, in printable ASCII, RFC 9112 §3.2.1. What stands
 * behind may read anything else in its own way: `\` as `/`, `//host` as another server, what follows `#` not at all.
 */
export function isRequestTarget(target: string): boolean {
  return /^\/(?!\/)[!"$-[\]-~]*$/.test(target);
}

/** Whether a path names nothing but itself: it has no empty segment before the last, and no dot segment. RFC 3986 §6.2.2.3 */
export function isNormalPath(path: string): boolean {
  return !/\/(?:\/|(?:\.|%2e){1,2}(?:\/|$))/i.test(path);
}
