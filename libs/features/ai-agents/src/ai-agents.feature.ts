import { defineFeature, type Feature } from '@onbehalf/authorization-server';
import { AI_AGENT, isOfProfile } from '@onbehalf/oauth-protocol';
import { actingParties, type Progress } from '@onbehalf/token-exchange';
import { AgentConsentController } from './agent-consent.controller.js';
import { AgentsController } from './agents.controller.js';
import { isAgent, SECTION, settingsSchema, type AiAgentsSettings } from './ai-agents.schema.js';
import { checkAgents } from './check-agents.js';
import { ownActorTokenRule } from './own-actor-token.rule.js';
import { UserConsentAdmission } from './user-consent.admission.js';

/**
 * AI agents act for users: each proves itself by a token of its own, everybody can tell that an agent stands behind a token, the user
 * says what it may do and for how long, and an operator can stop it. RFC 8693 §1.1, §4.1; actor profile draft
 */
export const aiAgents: Feature<AiAgentsSettings | undefined> = defineFeature<AiAgentsSettings | undefined>({
  name: SECTION,
  settings: settingsSchema,
  subProfiles: [AI_AGENT],
  audit: [
    {
      name: 'agent',
      description: 'the AI agent that acts, the last one where several have acted',
      searchable: true,
      personal: true,
      of: agentOf,
    },
    { name: 'agentOperator', description: 'who has stopped an AI agent, or has let it in again' },
    { name: 'agentStopReason', description: 'why an AI agent was stopped' },
  ],
  check: (_settings, config, section) => checkAgents(config, (place) => section.replace(SECTION, place)),
  register: (parts) => ({ rules: [ownActorTokenRule], admissions: [new UserConsentAdmission(parts)] }),
  module: () => ({ controllers: [AgentsController, AgentConsentController] }),
  explain: (reached) => {
    const agent = agentOf(reached);
    return agent === undefined ? undefined : { agent };
  },
});

function agentOf({ exchange }: Progress): string | undefined {
  if (!exchange) return undefined;
  const acting = actingParties(exchange).find(({ sub_profile: profile }) => isOfProfile(AI_AGENT, profile));
  if (acting) return acting.sub;
  if (isAgent(exchange.client)) return exchange.client.clientId;
  return isOfProfile(AI_AGENT, exchange.subjectProfile) ? exchange.subject.subject : undefined;
}
