import { TokenType } from '@onbehalf/oauth-protocol';
import { actorEvidence } from '../decision/delegation.js';
import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';
import type { VerifiedExchange } from '../decision/verified-exchange.js';
import { isBound, isProven } from '../tokens/key-binding.js';

/** A client that is registered for bound tokens proves its key. RFC 9449 §5.2, RFC 8705 §3.4. */
export const boundClientRule: Rule = {
  name: 'bound-client',
  judge({ client, proof }) {
    if (client.dpopBound && proof.jkt === undefined) return deny('invalid_dpop_proof', 'A DPoP proof is required');
    if (client.certificateBound && proof['x5t#S256'] === undefined) {
      return deny('invalid_request', 'A client certificate is required');
    }
    return undefined;
  },
};

/**
 * A key-bound token is exchanged by the holder of its key. A subject token may also be exchanged by another, where every edge
 * allows *rebind* and the caller proves a key of its own. RFC 9449 §7.1, RFC 8705 §3.
 */
export const keyBindingRule: Rule = {
  name: 'key-binding',
  judge(exchange) {
    const { subject, proof } = exchange;
    const actor = actorEvidence(exchange);
    if (actor && !isProven(actor.token.confirmation, proof)) {
      return deny('invalid_request', 'The actor_token is bound to a key that the request does not prove');
    }
    return isProven(subject.confirmation, proof) || mayRebind(exchange)
      ? undefined
      : deny('invalid_request', 'The subject_token is bound to a key that the request does not prove');
  },
};

// to another key, never to none; but not a refresh token, which no other caller has received: RFC 9449 §5
function mayRebind({ request, targets, proof }: VerifiedExchange): boolean {
  return request.subject.type !== TokenType.RefreshToken && isBound(proof) && targets.every(({ edge }) => edge?.rebind);
}
