import { trace } from '@opentelemetry/api';
import { GrantType, type Clock, type OAuthErrorCode } from '@onbehalf/oauth-protocol';
import { recordable, type AuditSink } from '@onbehalf/token-exchange';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { routeOf } from '../provider/provider-seam.js';

/** Tells that the engine takes over, and with it the record of this request. */
export function handToEngine(ctx: KoaContextWithOIDC): void {
  ctx.state['handedToEngine'] = true;
}

/**
 * Middleware that records token exchange requests which are refused before they reach the engine: a client that does not
 * authenticate, a grant it may not use, a proof that is wrong.
 */
export function auditRefusedRequests(audit: AuditSink, clock: Clock) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    if (routeOf(ctx) !== 'token' || ctx.status < 400 || ctx.state['handedToEngine']) return;
    const { params, client } = ctx.oidc;
    if (params?.['grant_type'] !== GrantType.TokenExchange) return;
    const { error, error_description: reason } = ctx.body as { error: OAuthErrorCode; error_description?: string };
    const targets = ([params['audience'] ?? [], params['resource'] ?? []] as (string | string[])[]).flat();
    const event = {
      type: 'token_exchange' as const,
      outcome: ctx.status >= 500 ? ('failed' as const) : ('rejected' as const),
      time: clock(),
      // what an unauthenticated caller claims to be proves nothing
      clientId: client?.clientId ?? 'unauthenticated',
      targets: targets.map(recordable),
      rule: 'endpoint',
      error,
      reason,
      traceId: trace.getActiveSpan()?.spanContext().traceId,
    };
    // the refusal stands, recorded or not: nothing leaves by it
    await audit.record(event).catch(() => undefined);
  };
}
