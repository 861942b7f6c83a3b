import type { AuditSink, ExchangePolicy, IssuedToken } from '@onbehalf/token-exchange';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { SampledRefusals } from '../audit/sampled-refusals.js';
import type { IssuedTokenRecord } from '../ports/issued-tokens.js';

export interface ExchangeRecordsOptions {
  readonly trail: AuditTrail;
  readonly refusals: SampledRefusals;
  readonly policy: ExchangePolicy;
}

/** The records of exchanges, as the engine writes them. What is refused to nobody in particular is sampled. */
export function toAuditSink({ trail, refusals, policy }: ExchangeRecordsOptions): AuditSink {
  const isKnown = (clientId: string): boolean => policy.client(clientId)?.confidential === true;
  return {
    record: async (event) => {
      if (isKnown(event.clientId)) await trail.append(event);
      else await refusals.record(event);
    },
    recordIssued: (event, issued) => trail.recordIssued(event, toTokenRecord(issued)),
  };
}

// lineage follows the subject token: it is the one whose authority is passed on
function toTokenRecord(issued: IssuedToken): IssuedTokenRecord {
  const { jwtId, parents, clientId, subject, audiences, expiresAt } = issued;
  const [parent] = parents;
  const lineage = parent && { parentJti: parent.jwtId, parentIss: parent.issuer };
  return { jti: jwtId, ...lineage, clientId, subject, audiences, expiresAt };
}
