import { TraceFlags, type SpanContext } from '@opentelemetry/api';
import { SeverityNumber, type LogAttributes } from '@opentelemetry/api-logs';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { snakeCase, type AuditField } from '@onbehalf/authorization-ports';
import type { ForwardedRecord } from '@onbehalf/authorization-store';

/** The event name of every record. */
export const AUDIT_EVENT = 'onbehalf.audit';

const SCOPE = { name: 'onbehalf.audit' };

/** Members of an event that become attributes, in the order of the guide; what else an event holds is in the body alone. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  type: 'type',
  outcome: 'outcome',
  kind: 'kind',
  clientId: 'client_id',
  workload: 'workload',
  subject: 'subject',
  subjectIssuer: 'subject_issuer',
  targets: 'targets',
  scopesRequested: 'scopes_requested',
  scopesGranted: 'scopes_granted',
  issuedTokenId: 'issued_token_id',
  issuedTokenType: 'issued_token_type',
  expiresAt: 'expires_at',
  subjectTokenId: 'subject_token_id',
  actorTokenId: 'actor_token_id',
  statedReason: 'stated_reason',
  rule: 'rule',
  error: 'error',
  reason: 'reason',
  operation: 'operation',
  registrationKind: 'registration_kind',
  registrationId: 'registration_id',
  changed: 'changed',
  operator: 'operator',
  // as they are called in records that are older
  id: 'registration_id',
  amr: 'amr',
  tokenId: 'token_id',
  revokedTokenId: 'revoked_token_id',
  keyId: 'key_id',
  algorithm: 'algorithm',
  requested: 'requested',
  count: 'count',
};

const SEVERITIES: Readonly<Record<string, SeverityNumber>> = {
  rejected: SeverityNumber.WARN,
  failed: SeverityNumber.ERROR,
};

/**
 * A record of the audit trail as OpenTelemetry's log data model has it. The body is the very text that the hash covers, so
 * that whoever has only the log can recompute it: SHA-256 over the JSON array of writer, sequence, previous hash, time in
 * milliseconds and body.
 * @param declared members that become attributes beside those that all records have
 */
export function auditLogRecord(
  record: ForwardedRecord,
  resource: ReadableLogRecord['resource'],
  observedAt: number,
  declared: readonly AuditField[] = [],
): ReadableLogRecord {
  const { event, eventText } = record;
  const severityNumber = SEVERITIES[String(event['outcome'])] ?? SeverityNumber.INFO;
  const spanContext = traceOf(event['traceId']);
  return {
    eventName: AUDIT_EVENT,
    hrTime: hrTime(Date.parse(record.at)),
    hrTimeObserved: hrTime(observedAt),
    severityNumber,
    severityText: SeverityNumber[severityNumber],
    ...(spanContext && { spanContext }),
    body: eventText,
    attributes: attributesOf(record, declared),
    droppedAttributesCount: 0,
    instrumentationScope: SCOPE,
    resource,
  };
}

function attributesOf(
  { writer, sequence, hash, previousHash, event }: ForwardedRecord,
  declared: readonly AuditField[],
): LogAttributes {
  const names = { ...ATTRIBUTES, ...Object.fromEntries(declared.map(({ name }) => [name, snakeCase(name)])) };
  const told = Object.entries(names).flatMap(([member, name]) => {
    const value = event[member];
    return isAttribute(value) ? [[`${AUDIT_EVENT}.${name}`, value] as const] : [];
  });
  return {
    [`${AUDIT_EVENT}.writer`]: writer,
    [`${AUDIT_EVENT}.sequence`]: sequence,
    [`${AUDIT_EVENT}.hash`]: hash,
    [`${AUDIT_EVENT}.previous_hash`]: previousHash,
    ...Object.fromEntries(told),
    ...actorsOf(event['actors']),
  };
}

/** The subjects of the chain, the current actor first. */
function actorsOf(actors: unknown): LogAttributes {
  if (!Array.isArray(actors)) return {};
  const subjects = actors.map((actor) => (actor as { sub?: string } | null)?.sub ?? '');
  return { [`${AUDIT_EVENT}.actors`]: subjects };
}

function isAttribute(value: unknown): value is string | number | boolean | string[] {
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string');
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** The trace of the request; which span of it is not on record. */
function traceOf(traceId: unknown): SpanContext | undefined {
  if (typeof traceId !== 'string' || !/^[0-9a-f]{32}$/.test(traceId)) return undefined;
  return { traceId, spanId: '', traceFlags: TraceFlags.NONE };
}

function hrTime(milliseconds: number): [seconds: number, nanoseconds: number] {
  return [Math.floor(milliseconds / 1000), (milliseconds % 1000) * 1_000_000];
}
