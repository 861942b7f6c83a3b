import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';

/**
 * A foreign issuer's token goes only where an edge names that issuer. Tokens of a type of their own, which nobody else issues, have
 * the type for their issuer: an edge names it among its `subjectTypes`.
 */
export const subjectIssuerRule: Rule = {
  name: 'subject-issuer',
  judge({ request, subject, issuer, targets }) {
    const accepted = targets.every(({ edge }) => edge?.subjectIssuers?.includes(subject.issuer));
    if (subject.issuer === issuer || subject.issuer === request.subject.type || accepted) return undefined;
    const reason = `no edge accepts tokens of ${subject.issuer}`;
    return deny('invalid_request', 'The issuer of the subject_token is not accepted for this target', { reason });
  },
};
