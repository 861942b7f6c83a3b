import { TokenType } from '@onbehalf/oauth-protocol';
import type { ExchangeParameters, TargetParameters } from '../exchange-parameters.js';
import { ExchangeRefused } from './exchange-errors.js';
import { asScopes, asSet, type TokenRequest } from './token-request.js';

/** The request for a token of the service itself. */
export function toServiceRequest(target: TargetParameters): TokenRequest {
  const { audience, resource, scope, parameters, tenant } = target;
  return {
    audiences: asSet(audience),
    resources: asSet(resource),
    scopes: asScopes(scope),
    parameters: parameters ?? {},
    ...(tenant !== undefined && { tenant }),
  };
}

/**
 * The request for an exchange.
 * @throws ExchangeRefused `invalid_request` when a token cannot be one
 */
export function toExchangeRequest(parameters: ExchangeParameters, defaultSubjectType: string): TokenRequest {
  const { subjectToken, subjectTokenType, actorToken, actorTokenType, requestedTokenType } = parameters;
  return {
    ...toServiceRequest(parameters),
    subject: { token: checkToken(subjectToken), type: subjectTokenType ?? defaultSubjectType },
    ...(actorToken !== undefined && {
      actor: { token: checkToken(actorToken), type: actorTokenType ?? TokenType.AccessToken },
    }),
    ...(requestedTokenType && { requestedType: requestedTokenType }),
  };
}

// RFC 6749 appendix A.12: tokens are visible ASCII
function checkToken(token: string): string {
  if (/^[\x20-\x7e]+$/.test(token)) return token;
  throw new ExchangeRefused({ error: 'invalid_request', description: 'the token is empty or malformed', status: 400 });
}
