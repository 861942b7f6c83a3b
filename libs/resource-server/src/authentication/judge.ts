import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AGENT_CLAIM, AI_AGENT, isOfProfile, type ChallengeScheme } from '@onbehalf/oauth-protocol';
import type { AccessRefused } from '../refusals/access-refused.js';
import type { Refusals } from '../refusals/refusals.js';
import type { Requirement } from '../requirements/requirements.js';
import { readRoles, type RolePath } from '../requirements/roles.js';

/** What judging needs beside the token. */
export interface JudgeContext {
  readonly refusals: Refusals;
  /** The scheme under which the token was presented. */
  readonly scheme?: ChallengeScheme;
  /** Where the issuer of the token writes roles. */
  readonly rolePaths: readonly RolePath[];
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
  switch (requirement.kind) {
    case 'scopes':
    case 'any_scope':
      return judgeScopes(token, requirement, context);
    case 'roles':
      return judgeRoles(token, requirement, context);
    case 'step_up':
      return judgeAuthentication(token, requirement, context);
    case 'not_impersonated':
      return token.impersonation && context.refusals.impersonationForbidden(context.scheme);
    case 'no_agents':
      return token.agentInvolved ? context.refusals.agentForbidden(context.scheme) : undefined;
    default: {
      const objection = judgeDelegation(token, requirement);
      return objection === undefined ? undefined : context.refusals.insufficientScope(objection, [], context.scheme);
    }
  }
}

type Of<Kind extends Requirement['kind']> = Extract<Requirement, { readonly kind: Kind }>;

function judgeScopes(
  token: VerifiedAccessToken,
  { kind, scopes }: Of<'scopes' | 'any_scope'>,
  { refusals, scheme }: JudgeContext,
): AccessRefused | undefined {
  const holds = (scope: string): boolean => token.scopes.includes(scope);
  if (kind === 'scopes') {
    if (scopes.every(holds)) return undefined;
    return refusals.insufficientScope(`The scope '${scopes.join(' ')}' is required`, scopes, scheme);
  }
  if (scopes.some(holds)) return undefined;
  // RFC 6750 §3: the scope attribute says what suffices; all of them together would ask for too much
  const description = `One of the scopes '${scopes.join("', '")}' is required`;
  return refusals.insufficientScope(description, scopes.slice(0, 1), scheme);
}

function judgeRoles(
  { claims }: VerifiedAccessToken,
  { roles, mode }: Of<'roles'>,
  { refusals, scheme, rolePaths }: JudgeContext,
): AccessRefused | undefined {
  const given = readRoles(claims, rolePaths);
  const holds = (role: string): boolean => given.includes(role);
  if (mode === 'ALL' ? roles.every(holds) : roles.some(holds)) return undefined;
  const demanded = `${mode === 'ALL' ? 'All' : 'One'} of the roles '${roles.join("', '")}'`;
  return refusals.insufficientScope(
    roles.length > 1 ? `${demanded} is required` : `The role '${roles[0]}' is required`,
    [],
    scheme,
  );
}

// RFC 8693 §4.1: prior actors are informational only and are not to be considered in access control
function judgeDelegation(
  { actors: [actor], issuer, claims }: VerifiedAccessToken,
  requirement: Of<'actors' | 'actor_profile' | 'known_actor' | 'no_delegation' | 'delegation'>,
): string | undefined {
  const unknownActor = 'The current actor may not use this resource';
  // RFC 8693 §4.1: iss and sub together identify an actor; a bare name is one of the token's own issuer
  const isOneOf = (names: readonly string[]): boolean =>
    actor !== undefined && names.includes(actor.sub) && (actor.iss ?? issuer) === issuer;
  switch (requirement.kind) {
    case 'actors':
      return isOneOf(requirement.actors) ? undefined : unknownActor;
    case 'actor_profile': {
      const { profile } = requirement;
      // RFC 8693 §4.1: the top-level claims and the current actor may decide, and the mark is one of them
      const isMarked = profile === AI_AGENT && claims[AGENT_CLAIM] === true;
      if (actor && (isMarked || isOfProfile(profile, actor.sub_profile))) return undefined;
      return `This resource may only be used by way of a party of the kind ${profile}`;
    }
    case 'known_actor':
      return !actor || isOneOf(requirement.actors) ? undefined : unknownActor;
    case 'no_delegation':
      return actor ? 'This resource may not be used on behalf of the subject' : undefined;
    case 'delegation':
      return actor ? undefined : 'This resource may only be used on behalf of the subject';
  }
}

// RFC 9470 §6.1: acr and auth_time of the token say how and when the user authenticated
function judgeAuthentication(
  { claims }: VerifiedAccessToken,
  requirement: Of<'step_up'>,
  { refusals, scheme, now, clockTolerance }: JudgeContext,
): AccessRefused | undefined {
  const { acr, maxAge } = requirement;
  const { acr: given, auth_time: authTime } = claims;
  if (acr.length > 0 && !(typeof given === 'string' && acr.includes(given))) {
    const description = 'A different authentication level is required';
    return refusals.insufficientUserAuthentication(description, requirement, scheme);
  }
  if (maxAge !== undefined && !isRecent(authTime, now, maxAge, clockTolerance)) {
    return refusals.insufficientUserAuthentication('More recent authentication is required', requirement, scheme);
  }
  return undefined;
}

// a time in the future, such as one in milliseconds, would be recent for ever
function isRecent(authTime: unknown, now: number, maxAge: number, clockTolerance: number): boolean {
  if (typeof authTime !== 'number') return false;
  return now - authTime <= maxAge + clockTolerance && authTime - now <= clockTolerance;
}
