export * from './chain/audit-event.js';
export { AuditLog } from './audit/audit-log.js';
export type { AuditPage, AuditQuery } from './audit/audit-query.js';
export type { AuditNode, AuditTree } from './audit/audit-tree.js';
export type { AuditAnchor, AuditBreak, AuditVerification } from './audit/audit-verification.js';
export {
  AuditForwarding,
  type ForwardingObserver,
  type ForwardingOptions,
} from './audit/forwarding/audit-forwarding.js';
export * from './audit/forwarding/audit-receiver.js';
export type { PendingRecords } from './audit/forwarding/held-chains.js';
export { AuthorizationStore } from './authorization-store.js';
export { SchemaTooNew } from './database/migrate.js';
export { StoreUnavailable } from './database/store-unavailable.js';
export { POOLINGS, type Pooling } from './database/transaction-pooling.js';
export { isStoreCommand, STORE_COMMANDS, storeCommand, type StoreCommand } from './store-command.js';
export { migrate, openStore, type StoreOptions } from './open-store.js';
export { AlreadyConsumed, ProviderAdapter, type ProviderPayload } from './provider/provider-adapter.js';
export { RateLimits, type RateCount } from './provider/rate-limits.js';
export type { Life, Party, PartyKind } from './registrations/lives.js';
export * from './registrations/registrations.js';
export { ReplayDetection } from './provider/replay-detection.js';
export { SealBroken } from './sealing/sealing-keys.js';
export { SharedSecrets } from './keys/shared-secrets.js';
export { SigningKeys, type Jwk, type NewSigningKey, type StoredSigningKey } from './keys/signing-keys.js';
export { TokenIndex, type RevocationPage } from './tokens/token-index.js';
export type { IndexedToken, RevokedToken, TokenRecord } from './tokens/token-record.js';
