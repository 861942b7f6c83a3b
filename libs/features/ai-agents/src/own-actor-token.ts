import type { FeatureParts } from '@onbehalf/authorization-server';
import { AI_AGENT } from '@onbehalf/oauth-protocol';
import type { ClientRegistration, TokenFacts } from '@onbehalf/token-exchange';
import { ACT_SCOPE, ACTOR_AUDIENCE, isAgent, type AiAgentsSettings } from './ai-agents.schema.js';

type Parts = Pick<FeatureParts<AiAgentsSettings>, 'own' | 'clock' | 'config'>;

/** What the token would say that an agent gets now to prove itself by; `undefined`: the client is no agent. */
export function ownActorToken(client: ClientRegistration, { own, clock, config }: Parts): TokenFacts | undefined {
  if (!isAgent(client)) return undefined;
  const now = Math.floor(clock());
  return {
    issuer: own.issuer,
    subject: client.clientId,
    clientId: client.clientId,
    subProfile: client.subProfile ?? AI_AGENT,
    agentInvolved: true,
    audiences: [ACTOR_AUDIENCE],
    scopes: [ACT_SCOPE],
    issuedAt: now,
    expiresAt: now + config().lifetimes.accessToken,
  };
}
