import { actorEvidence } from '../decision/delegation.js';
import type { Rule } from '../decision/rule.js';
import { deny, type Denial } from '../decision/verdict.js';
import type { PresentedToken } from '../request/exchange-request.js';
import type { TokenState } from '../tokens/token-facts.js';
import type { VerifiedToken } from '../tokens/verified-token.js';

/** The subject token is in force, and its subject too. RFC 8693 §2.2.2, RFC 7009 §2. */
export const subjectStateRule: Rule = {
  name: 'subject-state',
  // of one who is only named, nothing is told before the administrator has passed every rule
  judge: ({ kind, subject, subjectState, at }) =>
    kind === 'administrative' ? undefined : judgeState('subject_token', subject, subjectState, at),
};

/** The actor token is in force, and its subject too. RFC 8693 §2.2.2. */
export const actorStateRule: Rule = {
  name: 'actor-state',
  judge(exchange) {
    const actor = actorEvidence(exchange);
    return actor && judgeState('actor_token', actor.token, actor.state, exchange.at);
  },
};

function judgeState(
  parameter: PresentedToken['parameter'],
  { expiresAt }: VerifiedToken,
  state: TokenState,
  at: number,
): Denial | undefined {
  // verified with some tolerance for clocks, which nothing that is issued may use up. RFC 7519 §4.1.4
  if (expiresAt <= at) return deny('invalid_request', `The ${parameter} has expired`);
  // one answer for all else: the caller need not learn what became of an account
  const problem = problemOf(state);
  if (problem === undefined) return undefined;
  return deny('invalid_request', `The ${parameter} is no longer accepted`, { reason: problem });
}

/** What is wrong with a token or its subject, for the record; `undefined`: nothing. */
export function problemOf({ revoked, unknown, outlived, party }: TokenState): string | undefined {
  if (revoked) return 'the token is revoked';
  if (unknown) return 'the token is not on record';
  if (outlived) return 'it was issued before the present life of its account began';
  if (party === 'disabled') return 'its subject is disabled';
  if (party === 'absent') return 'its subject does not exist';
  return undefined;
}
