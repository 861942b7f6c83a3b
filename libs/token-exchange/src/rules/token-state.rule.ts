import type { Rule } from '../decision/rule.js';
import { deny, type Denial } from '../decision/verdict.js';
import type { PresentedToken } from '../request/exchange-request.js';
import type { TokenState } from '../tokens/token-facts.js';

/** The subject token is in force, and its subject too. RFC 8693 §2.2.2, RFC 7009 §2. */
export const subjectStateRule: Rule = {
  name: 'subject-state',
  judge: ({ subjectState }) => judgeState('subject_token', subjectState),
};

/** The actor token is in force, and its subject too. RFC 8693 §2.2.2. */
export const actorStateRule: Rule = {
  name: 'actor-state',
  judge: (exchange) =>
    exchange.kind === 'delegation' && exchange.actorState ? judgeState('actor_token', exchange.actorState) : undefined,
};

// one answer for all cases: the caller need not learn what became of an account
function judgeState(parameter: PresentedToken['parameter'], state: TokenState): Denial | undefined {
  const problem = problemOf(state);
  if (problem === undefined) return undefined;
  return deny('invalid_request', `The ${parameter} is no longer accepted`, { reason: problem });
}

function problemOf({ revoked, unknown, outlived, party }: TokenState): string | undefined {
  if (revoked) return 'the token is revoked';
  if (unknown) return 'the token is not on record';
  if (outlived) return 'it was issued before the present life of its account began';
  if (party === 'disabled') return 'its subject is disabled';
  if (party === 'absent') return 'its subject does not exist';
  return undefined;
}
