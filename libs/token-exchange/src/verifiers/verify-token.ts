import { KeysUnavailable, MAX_CLOCK_TOLERANCE, TokenRejection } from '@onbehalf/jwt-verification';
import { MalformedClaim } from '@onbehalf/oauth-protocol';
import { ExchangeRefusal } from '../refusal/exchange-refusal.js';
import type { PresentedToken } from '../request/exchange-request.js';
import type { TypeRegistry } from '../tokens/type-registry.js';
import { verifiedToken, type VerifiedToken } from '../tokens/verified-token.js';
import type { TokenVerifier, VerificationContext } from './token-verifier.js';

/**
 * Verifies a presented token by the procedure of its declared type. RFC 8693 §2.1.
 * @throws ExchangeRefusal `invalid_request` for a token that is invalid for any reason (RFC 8693 §2.2.2),
 *   `temporarily_unavailable` when that cannot be told now
 */
export async function verifyToken(
  { registry, grantType }: { readonly registry: TypeRegistry<TokenVerifier>; readonly grantType: string },
  { parameter, token, type }: PresentedToken,
  context: Omit<VerificationContext, 'parameter'>,
): Promise<VerifiedToken> {
  const verifier = registry.find(grantType, type);
  if (!verifier) {
    const description = `${parameter}_type is not supported; supported are ${registry.types(grantType).join(' ')}`;
    throw new ExchangeRefusal('token-type', 'invalid_request', description);
  }
  try {
    const facts = await verifier.verify(token, { ...context, parameter });
    // what cannot be told apart from others cannot be used up
    if (facts.singleUse && facts.jwtId === undefined) {
      throw new TokenRejection('claim', 'The token is accepted once and has no identifier');
    }
    // it would stay fresh until then
    if ((facts.authentication?.auth_time ?? 0) > context.at + MAX_CLOCK_TOLERANCE) {
      throw new TokenRejection('not_yet_valid', 'The user authenticates in the future');
    }
    return verifiedToken(facts);
  } catch (error) {
    throw toTokenRefusal(parameter, error);
  }
}

function toTokenRefusal(parameter: PresentedToken['parameter'], error: unknown): unknown {
  const stage = parameter === 'subject_token' ? 'subject-token' : 'actor-token';
  if (error instanceof TokenRejection || error instanceof MalformedClaim) {
    const description = `The ${parameter} is invalid: ${error.message}`;
    const reason = error.cause instanceof Error ? error.cause.message : undefined;
    return new ExchangeRefusal(stage, 'invalid_request', description, { reason, cause: error });
  }
  if (error instanceof KeysUnavailable) {
    const description = `The ${parameter} cannot be verified at the moment`;
    return new ExchangeRefusal(stage, 'temporarily_unavailable', description, { reason: error.message, cause: error });
  }
  return error;
}
