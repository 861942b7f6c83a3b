import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';
import type { VerifiedExchange } from '../decision/verified-exchange.js';
import { DEFAULT_TOKEN_TYPES } from '../policy/policy.js';
import { problemOf } from './token-state.rule.js';

/** An administrator who uses an account sees what its holder sees, and opens nothing else: no other type of token, no operators' resource. */
export const impersonatedReachRule: Rule = {
  name: 'impersonated-reach',
  judge({ impersonation, request, targets }) {
    if (!impersonation) return undefined;
    if (!DEFAULT_TOKEN_TYPES.includes(request.requestedType)) {
      return deny('invalid_request', 'requested_token_type is not issued for an impersonation');
    }
    return targets.some(({ resource }) => resource.reserved)
      ? deny('invalid_target', 'The target is not open to an impersonation')
      : undefined;
  },
};

/**
 * Whom an administrator may act for: an enabled account that is not protected, and somebody else. Judged last of all, in one answer,
 * so that who may not impersonate learns of no account.
 */
export const impersonatedSubjectRule: Rule = {
  name: 'impersonated-subject',
  judge(exchange) {
    const reason = exchange.kind === 'administrative' ? obstacle(exchange) : undefined;
    return reason === undefined
      ? undefined
      : deny('invalid_request', 'The subject may not be impersonated', { reason });
  },
};

function obstacle({ subject, subjectState, actor }: VerifiedExchange & { kind: 'administrative' }): string | undefined {
  const { account } = subjectState;
  if (!account) return 'there is no such account';
  if (account.protected) return 'the account is protected';
  return subject.subject === actor.sub ? 'administrator and subject are one' : problemOf(subjectState);
}
