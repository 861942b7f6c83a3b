export { checkAuditField, snakeCase, type AuditField } from './audit-field.js';
export type * from './consents.js';
export { InvalidCursor, KeyTransitionRefused, VersionConflict } from './errors.js';
export * from './table.js';
