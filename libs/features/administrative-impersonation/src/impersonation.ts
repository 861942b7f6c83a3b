import type { Permit, VerifiedExchange } from '@onbehalf/token-exchange';

/** An impersonation that has begun, as a team is notified of it. Times in seconds since the epoch. */
export interface BegunImpersonation {
  /** Also the `jti` of its first token. */
  readonly id: string;
  readonly administrator: string;
  readonly subject: string;
  readonly clientId: string;
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly reason: string;
  readonly ticket?: string;
  readonly startedAt: number;
  readonly expiresAt: number;
}

/** The impersonation that an exchange would begin; `undefined` when it would begin none. */
export function impersonationOf(permit: Permit, exchange: VerifiedExchange): BegunImpersonation | undefined {
  if (exchange.kind !== 'administrative') return undefined;
  const { clientId, subject, audiences, scopes, issuedAt, expiresAt, parameters } = permit;
  const { id, sub: administrator } = exchange.impersonation.mark;
  const { ticket } = parameters;
  return {
    id,
    administrator,
    subject,
    clientId,
    audiences,
    scopes,
    reason: exchange.request.reason ?? '',
    ...(ticket !== undefined && { ticket }),
    startedAt: Math.floor(issuedAt),
    expiresAt,
  };
}
