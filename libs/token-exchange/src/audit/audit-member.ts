import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { IssuedToken } from '../issuers/issued-token.js';
import type { ExchangeAuditEvent } from './audit-event.js';
import type { Progress } from './progress.js';
import { recordable } from './recordable.js';

/** What may stand in a record. Never a token or a secret. */
export type AuditValue = string | number | boolean | readonly string[];

/** A member of the record of an exchange, beside those that every record has. */
export interface AuditMember {
  /** In camelCase, as it stands in the record. */
  readonly name: string;
  /** Its value by how far the exchange came, and by what was issued; `undefined`: the record goes without it. */
  of(reached: Progress, issued?: IssuedToken): AuditValue | undefined;
}

/** What records hold anyway, and `type`, which the store adds. */
const TAKEN: readonly string[] = Object.keys({
  type: true,
  outcome: true,
  time: true,
  clientId: true,
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
  traceId: true,
} satisfies Record<keyof ExchangeAuditEvent | 'type', true>);

/** @throws ConfigurationError when two members have one name, or one that records have anyway */
export function checkAuditMembers(members: readonly AuditMember[]): void {
  const names = [...TAKEN, ...members.map(({ name }) => name)];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigurationError('auditMembers', twice, 'a name that no other member has');
}

/** The declared members as they stand in the record. */
export function toldMembers(
  members: readonly AuditMember[],
  reached: Progress,
  issued?: IssuedToken,
): Readonly<Record<string, AuditValue>> {
  const told = members.flatMap((member) => {
    const value = member.of(reached, issued);
    return value === undefined ? [] : [[member.name, recordableValue(value)] as const];
  });
  return Object.fromEntries(told);
}

function recordableValue(value: AuditValue): AuditValue {
  if (typeof value === 'string') return recordable(value);
  return typeof value === 'object' ? value.map(recordable) : value;
}
