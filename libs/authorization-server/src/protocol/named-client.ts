import type { IncomingMessage } from 'node:http';

/** No client has a longer name. */
const LONGEST_NAME = 200;

/** Whom the caller says to be in the Authorization header; nothing is proven yet. RFC 6749 §2.3.1 */
export function namedClient({ headers }: IncomingMessage): string | undefined {
  const [, credentials] = /^Basic +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (credentials === undefined) return undefined;
  const [clientId = ''] = Buffer.from(credentials, 'base64').toString().split(':', 1);
  return decode(clientId).slice(0, LONGEST_NAME);
}

/** A name has many encoded spellings, all of which the provider decodes. */
function decode(name: string): string {
  if (!/[%+]/.test(name)) return name;
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
