import type { IssuedToken } from '../issuers/issued-token.js';
import type { ExchangeAuditEvent } from './audit-event.js';

/** Where audit events go, and with an issued token's event the token's own record. */
export interface AuditSink {
  /** Resolves when the event is durable. */
  record(event: ExchangeAuditEvent): Promise<void>;
  /**
   * Records an issued token and its event in one step, before the token leaves; a rejection withholds it.
   * @returns false when something that the token derives from was revoked meanwhile: it must not leave, and neither is recorded
   */
  recordIssued(event: ExchangeAuditEvent, issued: IssuedToken): Promise<boolean>;
}
