import type { Requirement } from './requirements.js';

/** Why a good token may be refused with 403, for readers; empty when it is not. */
export function forbiddenBecause(requirements: readonly Requirement[]): readonly string[] {
  return requirements.flatMap((requirement) => reasonOf(requirement) ?? []);
}

function reasonOf(requirement: Requirement): string | undefined {
  switch (requirement.kind) {
    case 'scopes':
      return `The access token lacks the scope ${requirement.scopes.join(' ')}`;
    case 'any_scope':
      return `The access token has none of the scopes ${requirement.scopes.join(', ')}`;
    case 'roles':
      return requirement.mode === 'ALL'
        ? `The access token lacks one of the roles ${requirement.roles.join(', ')}`
        : `The access token has none of the roles ${requirement.roles.join(', ')}`;
    case 'actors':
      return `None of ${requirement.actors.join(', ')} acts for the subject`;
    case 'known_actor':
      return `Somebody else than ${requirement.actors.join(', ')} acts for the subject`;
    case 'actor_profile':
      return `Only by way of ${requirement.profile}: insufficient_scope`;
    case 'no_delegation':
      return 'Somebody acts for the subject';
    case 'delegation':
      return 'Nobody acts for the subject';
    case 'not_impersonated':
      return 'Not while an administrator uses the account: impersonation_forbidden';
    case 'no_agents':
      return 'Not by way of an AI agent: agent_forbidden';
    case 'step_up':
      // RFC 9470 §3: that is 401
      return undefined;
  }
}
