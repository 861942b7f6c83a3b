import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';
import { DEFAULT_ADMINISTRATOR_AGE, type Edge } from '../policy/policy.js';

/** The user authenticated as recently and as strongly as every edge demands. RFC 9470 §3, §4. */
export const authenticationRule: Rule = {
  name: 'authentication',
  judge(exchange) {
    const { targets, at } = exchange;
    const edges = targets.flatMap(({ edge }) => edge ?? []);
    // where the subject is only named, the administrator is who was here
    const { authentication } = exchange.kind === 'administrative' ? exchange.actorToken : exchange.subject;
    const { auth_time: authTime = -Infinity, acr = '' } = authentication;
    const unmet = edges.find((edge) => at - authTime > maxAge(edge) || (edge.acr && !edge.acr.includes(acr)));
    if (!unmet) return undefined;
    const parameters = {
      ...(maxAge(unmet) !== Infinity && { max_age: maxAge(unmet) }),
      ...(unmet.acr && { acr_values: unmet.acr.join(' ') }),
    };
    return deny('insufficient_user_authentication', 'The user must authenticate anew or more strongly', { parameters });
  },
};

function maxAge({ mode, maxAuthenticationAge }: Edge): number {
  return maxAuthenticationAge ?? (mode === 'administrative' ? DEFAULT_ADMINISTRATOR_AGE : Infinity);
}
