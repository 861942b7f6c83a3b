import { randomUUID } from 'node:crypto';

/** An assertion that is a JWT. RFC 7523 §2.2 */
export const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Seconds that an assertion lives. */
const LIFETIME = 60;

/** What a client says of itself to one authorization server, in one request. RFC 7523 §3 */
export interface ClientAssertionClaims {
  readonly [claim: string]: unknown;
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/**
 * The claims of a client assertion; none may be sent twice, so they are made anew for each request. RFC 7523 §3
 * @param audience the issuer identifier of the server, the only audience that RFC 7523bis leaves
 * @param now seconds since the epoch
 */
export function clientAssertionClaims(clientId: string, audience: string, now: number): ClientAssertionClaims {
  return { iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat: now, exp: now + LIFETIME };
}

/** The parameters by which a client authenticates with a signed assertion. RFC 7521 §4.2, RFC 7523 §2.2 */
export function clientAssertionParameters(clientId: string, assertion: string): URLSearchParams {
  return new URLSearchParams({
    client_id: clientId,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: assertion,
  });
}
