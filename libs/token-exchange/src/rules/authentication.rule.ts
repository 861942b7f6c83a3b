import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';
import type { Edge } from '../policy/policy.js';

/** The user authenticated as recently and as strongly as every edge demands. RFC 9470 §3, §4. */
export const authenticationRule: Rule = {
  name: 'authentication',
  judge({ targets, subject, at }) {
    const edges = targets.flatMap(({ edge }) => edge ?? []);
    const { auth_time: authTime = -Infinity, acr = '' } = subject.authentication;
    const unmet = edges.find((edge) => at - authTime > maxAge(edge) || (edge.acr && !edge.acr.includes(acr)));
    if (!unmet) return undefined;
    const parameters = {
      ...(unmet.maxAuthenticationAge !== undefined && { max_age: unmet.maxAuthenticationAge }),
      ...(unmet.acr && { acr_values: unmet.acr.join(' ') }),
    };
    return deny('insufficient_user_authentication', 'The user must authenticate anew or more strongly', { parameters });
  },
};

function maxAge({ maxAuthenticationAge }: Edge): number {
  return maxAuthenticationAge ?? Infinity;
}
