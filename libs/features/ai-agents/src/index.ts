export { aiAgents } from './ai-agents.feature.js';
export { ACT_SCOPE, ACTOR_AUDIENCE } from './ai-agents.schema.js';
