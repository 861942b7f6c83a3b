import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { ExchangeAuditEvent } from './audit-event.js';
import type { AuditMember } from './audit-member.js';

/** What records hold anyway. */
const TAKEN: readonly string[] = Object.keys({
  type: true,
  outcome: true,
  time: true,
  clientId: true,
  workload: true,
  kind: true,
  subject: true,
  subjectIssuer: true,
  actors: true,
  subjectTokenId: true,
  actorTokenId: true,
  issuedTokenId: true,
  issuedTokenType: true,
  expiresAt: true,
  targets: true,
  scopesRequested: true,
  scopesGranted: true,
  statedReason: true,
  rule: true,
  error: true,
  reason: true,
  decision: true,
  omitted: true,
  traceId: true,
} satisfies Record<keyof ExchangeAuditEvent, true>);

/** @throws ConfigurationError when two members have one name, or one that records have anyway */
export function checkAuditMembers(members: readonly AuditMember[]): void {
  const names = [...TAKEN, ...members.map(({ name }) => name)];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigurationError('auditMembers', twice, 'a name that no other member has');
}
