import { defineFeature, type Feature } from '@onbehalf/authorization-server';
import { AI_AGENT, isOfProfile } from '@onbehalf/oauth-protocol';
import { actingParties, type Progress } from '@onbehalf/token-exchange';
import { AgentConsentController } from './agent-consent.controller.js';
import { AgentsController } from './agents.controller.js';
import { isAgent, SECTION, settingsSchema, type AiAgentsSettings } from './ai-agents.schema.js';
import { checkAgents } from './check-agents.js';
import { ownActorToken } from './own-actor-token.js';
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
      of: (reached) => agentsOf(reached)[0],
    },
    {
      name: 'earlierAgents',
      description:
        'the AI agents that have acted before, the last one first; records are found by agent for each of them, too',
      foundBy: 'agent',
      personal: true,
      of: (reached) => {
        const [, ...earlier] = agentsOf(reached);
        return earlier.length > 0 ? earlier : undefined;
      },
    },
    { name: 'agentOperator', description: 'who has stopped an AI agent, or has let it in again' },
    { name: 'agentStopReason', description: 'why an AI agent was stopped' },
  ],
  check: (_settings, config, section) => checkAgents(config, (place) => section.replace(SECTION, place)),
  register: (parts) => ({
    rules: [ownActorTokenRule],
    admissions: [new UserConsentAdmission(parts)],
    ownActors: [(client) => ownActorToken(client, parts)],
  }),
  module: () => ({ controllers: [AgentsController, AgentConsentController] }),
  explain: (reached) => {
    const [agent] = agentsOf(reached);
    return agent === undefined ? undefined : { agent };
  },
});

/** All agents that stand behind an exchange, who acts now first. */
function agentsOf({ exchange }: Progress): readonly string[] {
  if (!exchange) return [];
  const { client, subject, subjectProfile } = exchange;
  const acting = actingParties(exchange).filter(({ sub_profile: profile }) => isOfProfile(AI_AGENT, profile));
  return [
    ...new Set([
      ...acting.map(({ sub }) => sub),
      ...(isAgent(client) ? [client.clientId] : []),
      ...(isOfProfile(AI_AGENT, subjectProfile) ? [subject.subject] : []),
    ]),
  ];
}
