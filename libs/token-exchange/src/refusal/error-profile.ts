import type { ClientRegistration } from '../policy/policy.js';
import { ExchangeRefusal } from './exchange-refusal.js';

/**
 * What Spring Authorization Server answers with `invalid_grant`, as RFC 6749 §5.2 has it for other grants: a subject or actor token
 * that it does not find or that is not active, and an actor that `may_act` does not name. RFC 8693 §2.2.2 demands `invalid_request`.
 */
const INVALID_GRANT_IN_SPRING = ['subject-token', 'actor-token', 'subject-state', 'actor-state', 'may-act'];

/** The refusal in the words that this client depends on: strict by default, otherwise as its registration says. */
export function answerFor({ compatible }: ClientRegistration, refusal: ExchangeRefusal): ExchangeRefusal {
  const { rule, code, description, reason, parameters, cause } = refusal;
  if (compatible !== 'spring' || code !== 'invalid_request' || !INVALID_GRANT_IN_SPRING.includes(rule)) return refusal;
  return new ExchangeRefusal(rule, 'invalid_grant', description, { reason, parameters, cause });
}
