import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';

/** An impersonation states its reason, and never touches a protected account, which of an administrative one is judged last. */
export const impersonationRule: Rule = {
  name: 'impersonation',
  judge({ kind, subjectState, targets, request }) {
    if (kind === 'delegation') return undefined;
    if (kind === 'impersonation' && subjectState.account?.protected) {
      return deny('invalid_request', 'The subject may not be impersonated', { reason: 'the account is protected' });
    }
    const reasonRequired = targets.some(({ edge }) => edge?.reason !== 'optional');
    return reasonRequired && request.reason === undefined
      ? deny('invalid_request', 'reason is required for an impersonation')
      : undefined;
  },
};
