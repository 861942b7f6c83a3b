import type { Clock } from '@onbehalf/oauth-protocol';
import { importJWK, SignJWT, type JWK } from 'jose';
import { randomUUID } from 'node:crypto';

/** A client that proves itself with a key, `private_key_jwt`. RFC 7523 §2.2 */
export interface ClientKey {
  readonly clientId: string;
  /** With `alg`, and with `kid` where the server needs it to find the public part. */
  readonly privateKey: JWK & { readonly alg: string };
}

/** Seconds that an assertion lives. */
const LIFETIME = 60;

/** The parameters of one request by which the client authenticates; none may be sent twice. RFC 7521 §4.2, RFC 7523 §3 */
export async function clientAssertion(
  { clientId, privateKey }: ClientKey,
  issuer: string,
  clock: Clock,
): Promise<URLSearchParams> {
  const { alg, kid } = privateKey;
  const now = clock();
  // RFC 7523bis: the issuer identifier is the only audience
  const assertion = new SignJWT({ iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), iat: now })
    .setExpirationTime(now + LIFETIME)
    .setProtectedHeader({ alg, typ: 'JWT', ...(kid !== undefined && { kid }) });
  return new URLSearchParams({
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await assertion.sign(await importJWK(privateKey)),
  });
}
