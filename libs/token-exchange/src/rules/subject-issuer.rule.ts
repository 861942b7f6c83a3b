import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';

/** A foreign issuer's token goes only where an edge names that issuer. */
export const subjectIssuerRule: Rule = {
  name: 'subject-issuer',
  judge({ subject, issuer, targets }) {
    const accepted = targets.every(({ edge }) => edge?.subjectIssuers?.includes(subject.issuer));
    if (subject.issuer === issuer || accepted) return undefined;
    const reason = `no edge accepts tokens of ${subject.issuer}`;
    return deny('invalid_request', 'The issuer of the subject_token is not accepted for this target', { reason });
  },
};
