import type { ClientRegistration } from '../policy/policy.js';
import type { Confirmation } from './token-facts.js';
import type { VerifiedToken } from './verified-token.js';

const METHODS = ['jkt', 'x5t#S256'] as const;

/** Whether a confirmation names any key. */
export function isBound(confirmation: Confirmation): boolean {
  return METHODS.some((method) => confirmation[method] !== undefined);
}

/** Whether the caller has proven every key that a token is bound to. RFC 9449 §4.3, RFC 8705 §3. */
export function isProven(bound: Confirmation, proof: Confirmation): boolean {
  return METHODS.every((method) => bound[method] === undefined || bound[method] === proof[method]);
}

/**
 * The key that the new token is bound to: the DPoP key whenever one is proven (RFC 9449 §5), the certificate when the client is
 * registered for it (RFC 8705 §3.4) or the subject token was bound to one. The binding is never dropped, only moved by an edge
 * with `rebind` to the key of the caller.
 */
export function confirmationFor(client: ClientRegistration, subject: VerifiedToken, proof: Confirmation): Confirmation {
  const byCertificate = client.certificateBound || (isBound(subject.confirmation) && proof.jkt === undefined);
  return {
    ...(proof.jkt !== undefined && { jkt: proof.jkt }),
    ...(byCertificate && proof['x5t#S256'] !== undefined && { 'x5t#S256': proof['x5t#S256'] }),
  };
}
