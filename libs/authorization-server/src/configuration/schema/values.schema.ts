import { GrantType, isAbsoluteUri, isScopeToken } from '@onbehalf/oauth-protocol';
import { z } from 'zod';
import { algorithmsOf } from './verification-key.js';

const SUPPORTED_GRANTS = [
  GrantType.AuthorizationCode,
  GrantType.RefreshToken,
  GrantType.ClientCredentials,
  GrantType.TokenExchange,
] as const;

/** Characters. What is longer fits no index of the store. */
const LONGEST_NAME = 255;

/** Text of one line, as every database takes it: neither NUL nor half a surrogate pair. */
export const name = z
  .string()
  .min(1, 'a non-empty string')
  .refine(
    (value) => value.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value),
    'text of one line, without control characters',
  );
export const audience = name.describe('the value of the aud claim');

/** What something is registered by. What is not seen at its ends, nobody types. */
export const registeredName = name
  .max(LONGEST_NAME, `a name of no more than ${LONGEST_NAME} characters`)
  .refine((value) => !/^[\s\p{Z}\p{Cf}]|[\s\p{Z}\p{Cf}]$/u.test(value), 'a name without space at its ends')
  // sessions hold what clients were given by their names
  .refine((value) => value !== '__proto__', 'another name');
export const clientId = registeredName
  .max(200, 'at most 200 characters')
  .regex(/^[\x20-\x7e]+$/, 'printable ASCII characters (RFC 6749 appendix A)');
export const seconds = z.int('whole seconds').positive('more than 0 seconds');
export const tokenType = z.string().refine(isAbsoluteUri, 'the URI of a token type (RFC 8693 section 3)');
export const scope = z.string().refine(isScopeToken, 'one scope token (RFC 6749 section 3.3)');
/** No other characters are sent as they are written. RFC 3986 §2 */
const URI_CHARACTERS = /^[a-zA-Z]+:\/\/(?!\/)(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[\dA-Fa-f]{2})+$/;
const httpUrl = z
  .string('an http or https URL')
  .refine((value) => /^https?:/i.test(value) && URL.canParse(value), 'an http or https URL')
  .regex(URI_CHARACTERS, 'an http or https URL with nothing but the characters of a URI (RFC 3986 section 2)');
/** What is fetched: nothing is with credentials in its URL. */
export const url = httpUrl.regex(/^[^@#]*$/, 'an http or https URL without credentials and fragment');
export const origin = z
  .string()
  .refine(
    isOrigin,
    'an http or https origin in lower case, without a default port and a path, such as https://app.example',
  );
export const redirectUri = httpUrl.regex(/^[^#]*$/, 'an http or https URL without a fragment (RFC 6749 section 3.1.2)');
export const issuer = z
  .string()
  .refine(
    (identifier) => isAbsoluteUri(identifier) && !/^https?:.*\?/i.test(identifier),
    'a URI without fragment, and without query when it is a URL (RFC 8414 section 2)',
  );

/** The grants that clients may have, these among them. */
export function grantTypes(more: readonly string[]): z.ZodArray<z.ZodEnum<Record<string, string>>> {
  const supported = [...SUPPORTED_GRANTS, ...more];
  const grantType = z.enum(supported, {
    error: ({ input }) =>
      input === 'token-exchange' || input === 'token_exchange'
        ? `the full URN, ${GrantType.TokenExchange}`
        : `one of ${supported.join(', ')}`,
  });
  return z.array(grantType).min(1, 'at least one grant type');
}

/** Members that only private and symmetric keys have. RFC 7518 §6.2.2, §6.3.2, §6.4.1 */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const publicKey = z
  .looseObject({ kty: name })
  .refine((key) => !PRIVATE_MEMBERS.some((member) => member in key), 'a public key, without private members')
  .refine(
    (key) => algorithmsOf(key).length > 0,
    'a complete public key for signatures: RSA of at least 2048 bits, EC or Ed25519, with an alg that it is for (RFC 7518 section 6)',
  );
export const publicKeys = z.looseObject({ keys: z.array(publicKey).min(1, 'at least one public key') });

// no browser sends any other: a pattern would never be that of a page
const ORIGIN = /^https?:\/\/(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/;

function isOrigin(value: string): boolean {
  return ORIGIN.test(value) && URL.canParse(value) && new URL(value).origin === value;
}
