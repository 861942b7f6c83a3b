import type { AuditSink, ExchangeAuditEvent, IssuedToken } from '@onbehalf/token-exchange';
import type { IssuedTokenRecord } from '../ports/issued-tokens.js';

/** Where exchanges are recorded: the storage implements it. */
export interface ExchangeRecords {
  /** Resolves when the event is durable. */
  record(event: ExchangeAuditEvent): Promise<void>;
  /**
   * Records an issued token in the index and its event in the trail, in one step, before the token leaves.
   * @returns false when what it derives from was revoked meanwhile: it must not leave, and the event is not recorded
   */
  recordIssued(event: ExchangeAuditEvent, token: IssuedTokenRecord): Promise<boolean>;
}

/** The records, as the engine writes them. */
export function toAuditSink(records: ExchangeRecords): AuditSink {
  return {
    record: (event) => records.record(event),
    recordIssued: (event, issued) => records.recordIssued(event, toTokenRecord(issued)),
  };
}

// lineage follows the subject token: it is the one whose authority is passed on
function toTokenRecord(issued: IssuedToken): IssuedTokenRecord {
  const { jwtId, parents, clientId, subject, audiences, expiresAt } = issued;
  const [parent] = parents;
  const lineage = parent && { parentJti: parent.jwtId, parentIss: parent.issuer };
  return { jti: jwtId, ...lineage, clientId, subject, audiences, expiresAt };
}
