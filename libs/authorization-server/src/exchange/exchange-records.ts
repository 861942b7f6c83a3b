import type { IssuedTokenRecord } from '@onbehalf/authorization-ports';
import type { AuditSink, ExchangeAuditEvent, ExchangePolicy, IssuedToken } from '@onbehalf/token-exchange';
import type { RecordedExchange, ServerAuditTrail } from '../audit/audit-event.js';
import type { SampledRefusals } from '../audit/sampled-refusals.js';
import type { Lives } from '../registrations/live/lives.js';

export interface ExchangeRecordsOptions {
  readonly trail: ServerAuditTrail;
  readonly refusals: SampledRefusals;
  readonly policy: ExchangePolicy;
  /** That are led now. */
  readonly lives: () => Lives;
}

/** The records of exchanges, as the engine writes them. What is refused to nobody in particular is sampled. */
export function toAuditSink({ trail, refusals, policy, lives }: ExchangeRecordsOptions): AuditSink {
  // what is done for a former life of an account is nobody's business in the next
  const ofLife = (event: ExchangeAuditEvent): RecordedExchange => {
    const subjectLife = event.subject === undefined ? undefined : lives().of('user', event.subject);
    return subjectLife === undefined ? event : { ...event, subjectLife };
  };
  const isKnown = (clientId: string): boolean => policy.client(clientId)?.confidential === true;
  return {
    record: async (event) => {
      if (isKnown(event.clientId)) await trail.append(ofLife(event));
      else await refusals.record(ofLife(event));
    },
    recordIssued: (event, issued) => trail.recordIssued(ofLife(event), toTokenRecord(issued, lives())),
  };
}

// lineage follows the subject token: it is the one whose authority is passed on
function toTokenRecord(issued: IssuedToken, lives: Lives): IssuedTokenRecord {
  const { jwtId, parents, clientId, subject, audiences, expiresAt, impersonation, grantId } = issued;
  const [parent] = parents;
  const lineage = parent && { parentJti: parent.jwtId, parentIss: parent.issuer };
  const ofLives = { subjectLife: lives.of('user', subject), clientLife: lives.of('client', clientId) };
  const told = { ...(impersonation && { impersonation }), ...(grantId !== undefined && { grantId }) };
  return { jti: jwtId, ...lineage, clientId, subject, ...ofLives, audiences, expiresAt, ...told };
}
