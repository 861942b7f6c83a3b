import type { KoaContextWithOIDC } from 'oidc-provider';
import type { IssuedTokenRecord } from '@onbehalf/authorization-ports';
import {
  UNAUTHENTICATED,
  type IssuanceEvent,
  type ProviderGrant,
  type ServerAuditTrail,
} from '../../audit/audit-event.js';
import { claimedTrace } from '../../audit/claimed-trace.js';
import type { SampledRefusals } from '../../audit/sampled-refusals.js';
import { isAuthenticated } from '../clients/is-authenticated.js';
import { workloadOf } from '../clients/workload-assertions.js';
import { routeOf } from '../seam/request-seam.js';

const GRANTS: readonly string[] = [
  'authorization_code',
  'client_credentials',
  'refresh_token',
] satisfies ProviderGrant[];

/** Requests whose token has a record of its own. */
const onRecord = new WeakSet<KoaContextWithOIDC>();

/** Records an access token that the provider issues, in the commit of the token's own record. */
export function issuanceEvent(
  ctx: KoaContextWithOIDC,
  { clientId, subject, audiences, jti, expiresAt }: IssuedTokenRecord,
  scope: string | undefined,
): IssuanceEvent {
  onRecord.add(ctx);
  return {
    type: grantOf(ctx)!,
    outcome: 'issued',
    clientId,
    subject,
    targets: audiences,
    scopesGranted: toScopes(scope),
    issuedTokenId: jti,
    expiresAt,
    ...workloadOf(ctx),
    ...claimedTrace(),
  };
}

/**
 * Middleware that records what the grants of the provider come to, where no token's own record tells it: what is refused, and
 * the opaque tokens of a client that asks for no resource.
 */
export function recordGrants(trail: ServerAuditTrail, refusals: SampledRefusals) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    const type = routeOf(ctx) === 'token' ? grantOf(ctx) : undefined;
    if (type === undefined || onRecord.has(ctx)) return;
    if (ctx.status < 400) return void (await trail.append(opaqueEvent(ctx, type)));
    const event = refusalEvent(ctx, type);
    // the refusal stands, recorded or not: nothing leaves by it
    await (isAuthenticated(ctx) ? trail.append(event) : refusals.record(event)).catch(() => undefined);
  };
}

function grantOf({ oidc }: KoaContextWithOIDC): ProviderGrant | undefined {
  const grantType = oidc.params?.['grant_type'];
  return GRANTS.includes(grantType as string) ? (grantType as ProviderGrant) : undefined;
}

function opaqueEvent(ctx: KoaContextWithOIDC, type: ProviderGrant): IssuanceEvent {
  const { AccessToken: token, Client: client } = ctx.oidc.entities;
  const clientId = client?.clientId ?? UNAUTHENTICATED;
  const subject = token?.accountId ?? clientId;
  const { scope } = ctx.body as { scope?: string };
  const granted = { targets: [], scopesGranted: toScopes(scope) };
  return { type, outcome: 'issued', clientId, subject, ...granted, ...workloadOf(ctx), ...claimedTrace() };
}

function refusalEvent(ctx: KoaContextWithOIDC, type: ProviderGrant): IssuanceEvent {
  const { client, entities } = ctx.oidc;
  const { error, error_description: reason } = ctx.body as { error: string; error_description?: string };
  const subject = (entities.RefreshToken ?? entities.AuthorizationCode)?.accountId;
  return {
    type,
    outcome: ctx.status >= 500 ? 'failed' : 'rejected',
    clientId: isAuthenticated(ctx) ? client!.clientId : UNAUTHENTICATED,
    ...(subject !== undefined && { subject }),
    targets: [],
    error,
    ...(reason !== undefined && { reason }),
    ...workloadOf(ctx),
    ...claimedTrace(),
  };
}

function toScopes(scope: string | undefined): string[] {
  return scope?.split(' ').filter(Boolean) ?? [];
}
