import type { ExchangeParameters, TargetParameters } from '../exchange-parameters.js';
import { ExchangeRefused } from '../tokens/exchange-errors.js';
import { asScopes, asSet, type TokenTarget, type TypedToken } from '../tokens/token-request.js';

/** The target of an exchange, or of a token of the service itself, which has no requested type. */
export function toTarget(target: TargetParameters & Pick<ExchangeParameters, 'requestedTokenType'>): TokenTarget {
  const { audience, resource, scope, parameters, requestedTokenType } = target;
  return {
    audiences: asSet(audience),
    resources: asSet(resource),
    scopes: asScopes(scope),
    parameters: parameters ?? {},
    ...(requestedTokenType && { requestedType: requestedTokenType }),
  };
}

/**
 * A token that can be sent.
 * @throws ExchangeRefused `invalid_request` when it cannot be a token
 */
export function toTypedToken(token: string, type: string): TypedToken {
  // RFC 6749 appendix A.12: tokens are visible ASCII
  if (/^[\x20-\x7e]+$/.test(token)) return { token, type };
  throw new ExchangeRefused({ error: 'invalid_request', description: 'the token is empty or malformed', status: 400 });
}
