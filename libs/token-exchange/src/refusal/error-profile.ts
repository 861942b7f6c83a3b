import { GrantType } from '@onbehalf/oauth-protocol';
import type { ClientRegistration } from '../policy/policy.js';
import { ExchangeRefusal } from './exchange-refusal.js';

/**
 * What Spring Authorization Server answers with `invalid_grant`, as RFC 6749 §5.2 has it for other grants: a subject or actor token
 * that it does not find or that is not active, and an actor that `may_act` does not name. RFC 8693 §2.2.2 demands `invalid_request`.
 */
const INVALID_GRANT_IN_SPRING = ['subject-token', 'actor-token', 'subject-state', 'actor-state', 'may-act'];

/**
 * The refusal in the words that its caller depends on. The grant tells which: of a grant with an assertion, whatever is wrong with
 * that is `invalid_grant` (RFC 7521 §4.1.1), of token exchange `invalid_request`, unless the client is registered for another server's words.
 */
export function answerFor(
  { compatible }: ClientRegistration,
  refusal: ExchangeRefusal,
  grantType: string = GrantType.TokenExchange,
): ExchangeRefusal {
  const { rule, code, description, reason, parameters, cause } = refusal;
  const isOfGrant =
    grantType === GrantType.TokenExchange
      ? compatible === 'spring' && INVALID_GRANT_IN_SPRING.includes(rule)
      : rule !== 'request';
  if (!isOfGrant || code !== 'invalid_request') return refusal;
  const toldOfAssertion = description.replaceAll('subject_token', 'assertion');
  const told = grantType === GrantType.TokenExchange ? description : toldOfAssertion;
  return new ExchangeRefusal(rule, 'invalid_grant', told, { reason, parameters, cause });
}
