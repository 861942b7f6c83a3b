export type { AuditPage, AuditQuery, AuditTrail } from './admin/audit-trail.js';
export type {
  AuthorizationServerOptions,
  ExchangeParts,
  ExchangeRegistration,
} from './authorization-server.options.js';
export { AuthorizationServer } from './authorization-server.js';
export { AuthorizationServerModule } from './authorization-server.module.js';
export { hashPassword } from './accounts/password.js';
export { serverConfigJsonSchema } from './configuration/json-schema.js';
export { parseServerConfig, readServerConfig } from './configuration/read-server-config.js';
export type { ServerConfig } from './configuration/server-config.schema.js';
export { SigningKeys } from './keys/signing-keys.js';
export type { IssuedTokenRecord, IssuedTokens } from './provider/issued-tokens.js';
export type { ReplayDetection } from './provider/provider-seam.js';
