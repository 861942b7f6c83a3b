import { clientAssertionClaims, clientAssertionParameters, readAssertion, type Clock } from '@onbehalf/oauth-protocol';
import { importJWK, SignJWT, type JWK } from 'jose';

/** A client that proves itself with a key, `private_key_jwt`. RFC 7523 §2.2 */
export interface ClientKey {
  readonly clientId: string;
  /** With `alg`, and with `kid` where the server needs it to find the public part. */
  readonly privateKey: JWK & { readonly alg: string };
}

/** A client that its platform knows, such as Kubernetes: it keeps no secret and no key. */
export interface ClientWorkload {
  readonly clientId: string;
  /** The file that holds its token, read anew for each request. */
  readonly assertionFile: string;
}

/** The parameters of one request by which the client authenticates; one that it signs itself may not be sent twice. RFC 7521 §4.2, RFC 7523 §3 */
export async function clientAssertion(
  client: ClientKey | ClientWorkload,
  issuer: string,
  clock: Clock,
): Promise<URLSearchParams> {
  const { clientId } = client;
  if ('assertionFile' in client) return clientAssertionParameters(clientId, readAssertion(client.assertionFile));
  const { privateKey } = client;
  const { alg, kid } = privateKey;
  const claims = clientAssertionClaims(clientId, issuer, clock());
  const assertion = new SignJWT(claims).setProtectedHeader({ alg, typ: 'JWT', ...(kid !== undefined && { kid }) });
  return clientAssertionParameters(clientId, await assertion.sign(await importJWK(privateKey)));
}
