import type { ExchangeAuditEvent } from '@onbehalf/token-exchange';
import { snakeCase, type AuditField, type AuditRecord } from '@onbehalf/authorization-ports';

/** What was exchanged, or was to be, on behalf of the person who reads it. No token, and no identifier of another's. */
export type ActivityLine = Readonly<Record<string, unknown>>;

/** What a line holds beside what its record tells. */
export interface LineContext {
  readonly id: string;
  /** Whether the token that was issued can be used; absent when none was. */
  readonly active?: boolean;
  /** The declared fields that people see. */
  readonly fields: readonly AuditField[];
}

/** @param record of an exchange */
export function toActivityLine({ at, event, hash }: AuditRecord, { id, active, fields }: LineContext): ActivityLine {
  const told = event as unknown as ExchangeAuditEvent;
  const line = {
    id,
    at,
    outcome: told.outcome,
    client_id: told.clientId,
    kind: told.kind,
    actors: told.actors,
    audiences: told.targets,
    scopes_requested: told.scopesRequested,
    ...(told.outcome === 'issued' ? issued(told, active) : { refusal: refusal(told) }),
    subject_jti: told.subjectTokenId,
    stated_reason: told.statedReason,
    ...Object.fromEntries(fields.map(({ name }) => [snakeCase(name), event[name]])),
    decision: told.decision,
    omitted: told.omitted,
    trace_id: told.traceId,
    receipt: hash,
  };
  return Object.fromEntries(Object.entries(line).filter(([, value]) => value !== undefined));
}

function issued(told: ExchangeAuditEvent, active: boolean | undefined): object {
  const { scopesGranted, issuedTokenType, issuedTokenId, expiresAt } = told;
  return {
    scopes: scopesGranted,
    token_type: issuedTokenType,
    expires_at: expiresAt === undefined ? undefined : new Date(expiresAt * 1000).toISOString(),
    active: active === true,
    jti: issuedTokenId,
  };
}

function refusal({ rule, error, reason }: ExchangeAuditEvent): object {
  return { rule, error, reason };
}
