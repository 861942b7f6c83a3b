import { isAbsoluteUri, normalizeUri } from '@onbehalf/oauth-protocol';

/** Prefixes that are not yours: what IETF registers (RFC 8693 §3), and what this project may. */
const RESERVED = ['urn:ietf:', 'urn:onbehalf:'];

/** What a type may be, for a mistake. */
export const TYPE_OF_YOUR_OWN = `an absolute URI of your own, in ASCII, not one of ${RESERVED.join(' or ')}`;

/** Whether a type may be somebody's own, by whatever spelling. RFC 8141 §3.1: scheme and namespace of a URN have no case. */
export function isOwnType(type: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(type) || !isAbsoluteUri(type)) return false;
  const spelled = decoded(type).toLowerCase();
  return !RESERVED.some((prefix) => spelled.startsWith(prefix));
}

/** The one spelling of a type, to find those that differ by spelling alone. */
export function oneSpelling(type: string): string {
  return normalizeUri(type).replace(/^(urn:[^:]+:)/i, (prefix) => prefix.toLowerCase());
}

function decoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
