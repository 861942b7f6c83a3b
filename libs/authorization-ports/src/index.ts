export { checkAuditField, snakeCase, type AuditField } from './audit-field.js';
export type * from './audit-trail.js';
export type * from './consents.js';
export {
  AuditUnavailable,
  InvalidCursor,
  KeyTransitionRefused,
  OlderGeneration,
  SealBroken,
  VersionConflict,
} from './errors.js';
export type * from './issued-tokens.js';
export type * from './rate-limit-store.js';
export type { RecordedEvent } from './recorded-event.js';
export type * from './registration-store.js';
export type { ReplayDetection } from './replay-detection.js';
export type * from './signing-key-store.js';
export * from './table.js';
