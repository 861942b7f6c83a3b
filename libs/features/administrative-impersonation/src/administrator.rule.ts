import { ADMIN_AUDIENCE } from '@onbehalf/authorization-server';
import {
  deny,
  entitledScopes,
  type AdministrativeImpersonation,
  type ExchangePolicy,
  type Rule,
} from '@onbehalf/token-exchange';
import { ofEdge } from './administrative-impersonation.schema.js';

/** The administrator's token is for this server, holds the role of every edge, and the administrator may still hold it. */
export function administratorRule(policy: Pick<ExchangePolicy, 'resource'>): Rule {
  return {
    name: 'administrator',
    judge(exchange) {
      if (exchange.kind !== 'administrative') return undefined;
      const reason = obstacle(exchange, policy);
      return reason === undefined
        ? undefined
        : deny('invalid_request', 'The actor_token does not permit an impersonation', { reason });
    },
  };
}

function obstacle(
  { actorToken, actorState, targets }: AdministrativeImpersonation,
  policy: Pick<ExchangePolicy, 'resource'>,
): string | undefined {
  const own = policy.resource(ADMIN_AUDIENCE);
  if (!own || !actorToken.audiences.includes(ADMIN_AUDIENCE)) return `it is not for ${ADMIN_AUDIENCE}`;
  const roles = targets.map(({ edge }) => ofEdge(edge).role);
  const held = entitledScopes(actorToken.scopes, own, actorState);
  const missing = roles.find((role) => !held.includes(role));
  return missing === undefined ? undefined : `it does not hold ${missing}, or its subject is not entitled to it`;
}
