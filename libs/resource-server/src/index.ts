export * from './access-refused.js';
export { AccessTokenGuard } from './access-token.guard.js';
export * from './authorization-server.health.js';
export type { AuthenticatedRequest, GuardedRequest, RequestFinder } from './guarded-request.js';
export * from './requirement.decorators.js';
export * from './resource-server-options.js';
export { ResourceServerModule } from './resource-server.module.js';
export { RESOURCE_SERVER_OPTIONS, STRATEGY_NAME } from './resource-server.tokens.js';
export * from './token.decorators.js';
