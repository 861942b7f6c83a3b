import { AI_AGENT, isOfProfile } from '@onbehalf/oauth-protocol';
import { deny, type Denial, type Rule, type VerifiedExchange } from '@onbehalf/token-exchange';
import { ACT_SCOPE, ACTOR_AUDIENCE, isAgent } from './ai-agents.schema.js';

/** An agent acts on behalf of a user, and proves by a token of its own, for this server, that it is the one who acts. */
export const ownActorTokenRule: Rule = {
  name: 'own-actor-token',
  judge: (exchange) => (isAgent(exchange.client) ? judgeAgent(exchange) : judgeOther(exchange)),
};

function judgeAgent(exchange: VerifiedExchange): Denial | undefined {
  const { client, issuer, impersonation } = exchange;
  if (exchange.kind !== 'delegation' || !exchange.actorToken) {
    return deny('unauthorized_client', 'Impersonation is not permitted; an actor_token is required');
  }
  const { actorToken: token } = exchange;
  if (token.issuer !== issuer || token.foreign || token.subject !== client.clientId) {
    return deny('invalid_request', "The actor_token is not the agent's own");
  }
  const [audience, ...others] = token.audiences;
  if (audience !== ACTOR_AUDIENCE || others.length > 0 || !token.scopes.includes(ACT_SCOPE)) {
    const reason = `it is for ${token.audiences.join(', ')} with ${token.scopes.join(' ')}`;
    return deny('invalid_request', 'The actor_token is not one to act by at this server', { reason });
  }
  return impersonation
    ? deny('invalid_request', 'An AI agent does not act while an administrator uses the account')
    : undefined;
}

// whoever has received an agent's token would act as the agent, past what users have allowed the agent
function judgeOther(exchange: VerifiedExchange): Denial | undefined {
  if (exchange.kind !== 'delegation' || !exchange.actorToken) return undefined;
  return isOfProfile(AI_AGENT, exchange.actor.sub_profile)
    ? deny('invalid_request', 'An AI agent presents its actor_token itself')
    : undefined;
}
