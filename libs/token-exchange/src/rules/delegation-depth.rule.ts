import { actorChain, chainBytes } from '../decision/delegation.js';
import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';
import { DEFAULT_MAX_DEPTH } from '../policy/policy.js';

/** Bytes that a chain of actors may take in a token. */
export const MAX_CHAIN_BYTES = 2048;

/** The chain of actors grows no longer than every edge allows. */
export const delegationDepthRule: Rule = {
  name: 'delegation-depth',
  judge(exchange) {
    const actors = actorChain(exchange);
    const limit = Math.min(...exchange.targets.map(({ edge }) => edge?.maxDepth ?? DEFAULT_MAX_DEPTH));
    if (actors.length > limit) {
      const reason = `${actors.length} actors, at most ${limit}`;
      return deny('invalid_request', 'The chain of delegation is too long', { reason });
    }
    if (actors.length > 0 && chainBytes(actors) > MAX_CHAIN_BYTES) {
      return deny('invalid_request', 'The chain of delegation is too large');
    }
    return undefined;
  },
};
