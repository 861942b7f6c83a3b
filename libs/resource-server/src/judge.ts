import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import type { AccessRefused } from './access-refused.js';
import type { Refusals } from './refusals.js';
import type { Requirement } from './requirements.js';

/** What judging needs beside the token. */
export interface JudgeContext {
  readonly refusals: Refusals;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Seconds that clocks may differ. */
  readonly clockTolerance: number;
}

/** The refusal of the first requirement that the token does not meet; `undefined` when it meets all. */
export function judge(
  token: VerifiedAccessToken,
  requirements: readonly Requirement[],
  context: JudgeContext,
): AccessRefused | undefined {
  for (const requirement of requirements) {
    const refusal = judgeOne(token, requirement, context);
    if (refusal) return refusal;
  }
  return undefined;
}

function judgeOne(
  token: VerifiedAccessToken,
  requirement: Requirement,
  context: JudgeContext,
): AccessRefused | undefined {
  const { refusals } = context;
  switch (requirement.kind) {
    case 'scopes':
      return requirement.scopes.every((scope) => token.scopes.includes(scope))
        ? undefined
        : refusals.insufficientScope(`The scope '${requirement.scopes.join(' ')}' is required`, requirement.scopes);
    case 'any_scope':
      return requirement.scopes.some((scope) => token.scopes.includes(scope))
        ? undefined
        : refusals.insufficientScope(
            `One of the scopes '${requirement.scopes.join("', '")}' is required`,
            // RFC 6750 §3: the scope attribute says what suffices; all of them together would ask for too much
            requirement.scopes.slice(0, 1),
          );
    case 'actors':
      // RFC 8693 §4.1: prior actors are informational only and are not to be considered in access control
      return requirement.actors.includes(token.actors[0]?.sub ?? '')
        ? undefined
        : refusals.insufficientScope('The current actor may not use this resource');
    case 'known_actor':
      return token.actors[0] === undefined || requirement.actors.includes(token.actors[0].sub)
        ? undefined
        : refusals.insufficientScope('The current actor may not use this resource');
    case 'no_delegation':
      return token.actors.length === 0
        ? undefined
        : refusals.insufficientScope('This resource may not be used on behalf of the subject');
    case 'delegation':
      return token.actors.length > 0
        ? undefined
        : refusals.insufficientScope('This resource may only be used on behalf of the subject');
    case 'step_up':
      return judgeAuthentication(token, requirement, context);
  }
}

// RFC 9470 §6.1: acr and auth_time of the token say how and when the user authenticated
function judgeAuthentication(
  { claims }: VerifiedAccessToken,
  { acr, maxAge }: Extract<Requirement, { kind: 'step_up' }>,
  { refusals, now, clockTolerance }: JudgeContext,
): AccessRefused | undefined {
  const { acr: given, auth_time: authTime } = claims;
  if (acr.length > 0 && !(typeof given === 'string' && acr.includes(given))) {
    return refusals.insufficientUserAuthentication('A different authentication level is required', acr, maxAge);
  }
  const isRecent = typeof authTime === 'number' && now - authTime <= (maxAge ?? Infinity) + clockTolerance;
  if (maxAge !== undefined && !isRecent) {
    return refusals.insufficientUserAuthentication('More recent authentication is required', acr, maxAge);
  }
  return undefined;
}
