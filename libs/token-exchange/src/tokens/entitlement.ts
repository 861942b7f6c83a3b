import type { ClientRegistration, ResourceRegistration } from '../policy/policy.js';
import type { Account } from './token-facts.js';

/** Who a token speaks of: a user with an account here, a client itself, or neither. */
export interface Holder {
  readonly account?: Account | undefined;
  readonly client?: ClientRegistration | undefined;
}

/** Those of these scopes that a party is entitled to at a resource. */
export function entitledScopes(
  scopes: readonly string[],
  resource: ResourceRegistration,
  holder: Holder,
): readonly string[] {
  const listed = listedScopes(resource, holder);
  return listed ? scopes.filter((scope) => listed.includes(scope)) : scopes;
}

// an account that lists nothing is not limited, except at a reserved resource: there nobody holds what they do not list
function listedScopes(
  { audience, reserved = false }: ResourceRegistration,
  { account, client }: Holder,
): readonly string[] | undefined {
  if (account?.entitledScopes) return account.entitledScopes;
  if (!reserved) return undefined;
  return (!account && client?.asItself?.find((own) => own.audience === audience)?.scopes) || [];
}
