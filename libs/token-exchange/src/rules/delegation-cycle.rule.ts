import { isSameActor } from '../decision/delegation.js';
import type { Rule } from '../decision/rule.js';
import { deny } from '../decision/verdict.js';
import type { Delegation, Target } from '../decision/verified-exchange.js';

/** No party acts twice in a chain, and no call returns to a service it came from, unless the edge allows it. */
export const delegationCycleRule: Rule = {
  name: 'delegation-cycle',
  judge(exchange) {
    if (exchange.kind !== 'delegation') return undefined;
    const closing = exchange.targets.filter((target) => closesCycle(exchange, target) && !target.edge?.allowCycle);
    if (closing.length === 0) return undefined;
    const reason = `${exchange.actor.sub} to ${closing.map(({ resource }) => resource.audience).join(', ')} closes a cycle`;
    return deny('invalid_request', 'The chain of delegation must not form a cycle here', { reason });
  },
};

function closesCycle({ actor, subject, visited, issuer }: Delegation, { resource }: Target): boolean {
  return subject.actors.some((earlier) => isSameActor(earlier, actor, issuer)) || visited.includes(resource.audience);
}
