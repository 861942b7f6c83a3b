export { checkAuditField, snakeCase, type AuditField } from './audit-field.js';
export * from './table.js';
