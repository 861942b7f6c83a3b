export type { AuditReceipt } from './chain/audit-receipt.js';
export { AuditLog } from './audit/audit-log.js';
export type { AcknowledgedGap, Acknowledgement, AuditGap } from './verification/audit-gap.js';
export type { ArchiveSegment } from './archive/archive-format.js';
export type { ArchiveOptions, ArchiveOutcome } from './upkeep/archiving.js';
export type { LostArchive } from './upkeep/lost-archive.js';
export type { ArchiveBreak } from './verification/archived-trail.js';
export type { AuditBreak } from './verification/chain-check.js';
export type { CheckedArchive } from './verification/check-archive.js';
export type { AuditAnchor, AuditVerification, VerificationOptions } from './verification/verify-audit.js';
export {
  AuditForwarding,
  type ForwardingObserver,
  type ForwardingOptions,
} from './audit/forwarding/audit-forwarding.js';
export * from './audit/forwarding/audit-receiver.js';
export type { PendingRecords } from './audit/forwarding/held-chains.js';
export { backUp } from './back-up.js';
export { checkCopy, type CheckOptions } from './check-copy.js';
export { AuthorizationStore } from './authorization-store.js';
export type { ConnectionOptions } from './database/connect.js';
export { ClocksDiffer } from './database/database-clock.js';
export { acceptedPassword, databasePassword, type PasswordSettings } from './database/address/database-password.js';
export { passwordIn, withoutPassword } from './database/address/postgres-url.js';
export { keyFileOf } from './sealing/key-file.js';
export { SchemaTooNew } from './database/schema/migrate.js';
export { toOpeningError } from './database/opening-error.js';
export { StoreUnavailable } from './database/postgres/store-unavailable.js';
export { POOLINGS, type Pooling } from './database/postgres/transaction-pooling.js';
export type { AcknowledgeOptions } from './commands/acknowledge-gap.js';
export type { ArchiveCommandOptions } from './commands/archive.js';
export { readHeads } from './commands/kept-heads.js';
export {
  isStoreCommand,
  STORE_COMMANDS,
  storeCommand,
  type StoreCommand,
  type StoreCommandOptions,
} from './store-command.js';
export { moveToPostgres } from './move-to-postgres.js';
export { openDatabase, type OpenedDatabase } from './open-database.js';
export { openMigrated } from './open-migrated.js';
export { migrate, openStore, type StoreOptions } from './open-store.js';
export { SealingKeys, type Sealed } from './sealing/sealing-keys.js';
export { AlreadyConsumed, ProviderAdapter, type ProviderPayload } from './provider/provider-adapter.js';
export { SqlRateLimitStore } from './provider/sql-rate-limit-store.js';
export { SqlRegistrationStore } from './registrations/sql-registration-store.js';
export { SqlReplayDetection } from './provider/sql-replay-detection.js';
export { SealBroken } from '@onbehalf/authorization-ports';
export { SharedSecrets } from './keys/shared-secrets.js';
export { SqlSigningKeyStore } from './keys/sql-signing-key-store.js';
export { TokenIndex } from './tokens/token-index.js';
export type { SweepState } from './upkeep/sweeper.js';
