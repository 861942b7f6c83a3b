import { normalizeUri } from '@onbehalf/oauth-protocol';
import type { Rule } from '../decision/rule.js';
import { deny, narrow } from '../decision/verdict.js';
import { kindOf, type ResourceRegistration } from '../policy/policy.js';
import { isProven } from '../tokens/key-binding.js';

/** Seconds that a grant for another domain lives at most. */
const LONGEST_GRANT = 300;

/**
 * A grant of another domain gives no more than it says: its resources, its scopes, and to the holder of its key alone, whatever
 * an edge says of other keys. RFC 7523 §3
 */
export const takenGrantRule: Rule = {
  name: 'taken-grant',
  judge({ subject, targets, proof, impersonation }) {
    const { grant } = subject;
    if (grant === undefined) return undefined;
    if (impersonation)
      return deny('invalid_request', 'The grant is one of an impersonation, which stays in its domain');
    if (!isProven(subject.confirmation, proof)) {
      return deny('invalid_request', 'The subject_token is bound to a key that the request does not prove');
    }
    const { resources, scopes } = grant;
    if (resources && !targets.every(({ resource }) => isAmong(resource, resources))) {
      return deny('invalid_target', 'The grant is for other resources');
    }
    return scopes && narrow({ scopes });
  },
};

/**
 * A grant for another domain is redeemed soon, and says who acts: by its actors each server on the way knows where it came from.
 * Identity chaining draft -17 §2.4
 */
export const givenGrantRule: Rule = {
  name: 'given-grant',
  judge({ kind, targets, at, impersonation }) {
    if (!targets.some(({ resource }) => kindOf(resource) === 'authorization_server')) return undefined;
    if (impersonation) return deny('invalid_target', 'The target is not open to an impersonation');
    if (kind === 'impersonation') return deny('unauthorized_client', 'Nobody is impersonated in another domain');
    return narrow({ expiresAt: at + LONGEST_GRANT });
  },
};

function isAmong({ audience, resource }: ResourceRegistration, granted: readonly string[]): boolean {
  const spelled = granted.map(normalizeUri);
  return [audience, resource].some((name) => name !== undefined && spelled.includes(normalizeUri(name)));
}
