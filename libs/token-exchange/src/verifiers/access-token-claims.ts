import { mediaSubtype, type VerifiedJwt } from '@onbehalf/jwt-verification';
import type { JWTPayload } from 'jose';

/** Claims of ID tokens (OpenID Connect Core §2, §3.3.2.11) and of events, such as logout tokens (RFC 8417 §2.2). */
const OF_OTHER_JWTS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];

/** Claims that access tokens have (RFC 9068 §2.2, RFC 8693 §4.2) and ID tokens have not; `scp` is how Okta and Entra ID call the second. */
const OF_ACCESS_TOKENS = ['client_id', 'scope', 'scp'];

/** Claims by which servers that type all their JWTs alike say what each is, and what they say of access tokens. */
const KINDS: Readonly<Record<string, readonly unknown[]>> = {
  // Keycloak
  typ: ['Bearer', 'DPoP'],
  // Amazon Cognito
  token_use: ['access'],
};

/** Whether the header of a JWT says nothing of what it is. RFC 7519 §5.1 */
export function isPlainJwt({ header }: VerifiedJwt): boolean {
  return [undefined, 'jwt'].includes(mediaSubtype(header.typ));
}

/** Whether a JWT tells by its claims that it is another than an access token or a grant: an ID token, a refresh token, an event. */
export function isOtherJwt(claims: JWTPayload): boolean {
  const { aud, azp } = claims;
  const kind = kindOf(claims);
  if (kind !== undefined) return !KINDS[kind]!.includes(claims[kind]);
  // OpenID Connect Core §2: an ID token is for the client that it was issued to
  const isForItsClient = azp !== undefined && [aud].flat().every((audience) => audience === azp);
  return isForItsClient || OF_OTHER_JWTS.some((name) => Object.hasOwn(claims, name));
}

/** Whether a JWT whose `typ` does not tell says by its claims that it is an access token. RFC 8725 §3.12 */
export function saysItIsAccessToken(claims: JWTPayload): boolean {
  if (isOtherJwt(claims)) return false;
  return kindOf(claims) !== undefined || OF_ACCESS_TOKENS.some((name) => Object.hasOwn(claims, name));
}

function kindOf(claims: JWTPayload): string | undefined {
  return Object.keys(KINDS).find((name) => Object.hasOwn(claims, name));
}
