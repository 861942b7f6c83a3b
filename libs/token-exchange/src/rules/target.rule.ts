import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';

/** Every target is one that an edge leads to. RFC 8693 §2.2.2. */
export const targetRule: Rule = {
  name: 'target',
  judge({ targets }) {
    const unreachable = targets.filter(({ edge }) => edge === undefined);
    if (unreachable.length === 0) return undefined;
    const reason = `no edge leads to ${unreachable.map(({ resource }) => resource.audience).join(', ')}`;
    return deny('invalid_target', 'The client may not request a token for this target', { reason });
  },
};

/** Several targets share one token only where each edge says so. RFC 8693 §2.1.1. */
export const sharedTokenRule: Rule = {
  name: 'shared-token',
  judge: ({ targets }) =>
    targets.length > 1 && !targets.every(({ edge }) => edge?.sharesToken)
      ? deny('invalid_target', 'These targets may not share one token')
      : undefined,
};
