import { rejection } from './assertion-rejection.js';

/** Bytes of an assertion, after decoding. What is longer never meets a parser. */
const MAX_BYTES = 64 * 1024;
/** Tags, and attributes, of an assertion: work is bounded before a parser runs. */
const MAX_MARKUP = 4_000;

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const BASE64URL = /^[A-Za-z0-9_-]+={0,2}$/;
const DECLARATION =
  /^<\?xml version=(["'])1\.0\1(?: encoding=(["'])([A-Za-z0-9._-]+)\2)?(?: standalone=(["'])(?:yes|no)\4)? ?\?>/;

/**
 * The text of an assertion as `subject_token` carries it. RFC 8693 §3 says base64url without padding; what Okta and Auth0 send
 * is plain base64, so that either alphabet is taken, never both in one value.
 * @throws TokenRejection for what is no base64 of UTF-8, is too large, or holds markup that no assertion needs
 */
export function decodeAssertion(encoded: string): string {
  // four characters are three bytes
  if (encoded.length > (MAX_BYTES * 4) / 3 + 4) throw tooLarge();
  if (!BASE64URL.test(encoded) && !BASE64.test(encoded)) {
    throw rejection('malformed', 'The assertion is not base64url');
  }
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.length > MAX_BYTES) throw tooLarge();
  return checkText(toUtf8(bytes));
}

function toUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw rejection('malformed', 'The assertion is not UTF-8');
  }
}

/**
 * Refuses what two parsers may read in two ways, and what costs a parser more than it is worth.
 * @returns the text without its XML declaration
 * @throws TokenRejection
 */
export function checkText(text: string): string {
  const declaration = DECLARATION.exec(text);
  if (declaration?.[3] !== undefined && declaration[3].toLowerCase() !== 'utf-8') {
    throw rejection('malformed', 'The assertion declares an encoding other than UTF-8');
  }
  const content = text.slice(declaration?.[0].length ?? 0);
  if (!/^\s*</.test(content)) throw rejection('malformed', 'The assertion is not XML');
  // eslint-disable-next-line no-control-regex -- XML 1.0 §2.2 has none of them
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufeff\ufffe\uffff]/.test(content)) {
    throw rejection('malformed', 'The assertion holds a character that XML does not have');
  }
  if (content.includes('<?')) throw rejection('malformed', 'The assertion holds a processing instruction');
  if (/<!(?!--|\[CDATA\[)/.test(content))
    throw rejection('malformed', 'The assertion holds a document type declaration');
  // XML 1.0 §2.5; the parser lets it through
  if (/<!--(?!(?:(?!--)[^])*-->)/.test(content))
    throw rejection('malformed', 'The assertion holds two hyphens in a comment');
  if (count(content, '<') > MAX_MARKUP || count(content, '=') > MAX_MARKUP) throw tooLarge();
  return content;
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found += 1;
  return found;
}

function tooLarge(): Error {
  return rejection('oversized', `The assertion is larger than ${MAX_BYTES} bytes or ${MAX_MARKUP} elements`);
}
