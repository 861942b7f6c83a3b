import type { default as Provider, KoaContextWithOIDC } from 'oidc-provider';
import {
  UNAUTHENTICATED,
  type IntrospectionRefusedEvent,
  type RevocationEvent,
  type ServerAuditTrail,
} from '../../audit/audit-event.js';
import { claimedTrace } from '../../audit/claimed-trace.js';
import type { SampledRefusals } from '../../audit/sampled-refusals.js';
import { afterwards } from './afterwards.js';
import { isAuthenticated } from '../clients/is-authenticated.js';
import { routeOf } from '../seam/request-seam.js';

/** Why a grant ends, by the route that ends it. */
const REASONS: Readonly<Record<string, string>> = {
  revocation: 'revoked by the client',
  token: 'a code or a refresh token was used twice',
};

/** What the trail tells of the end of a grant; nothing at a logout, which has a record of its own. */
export function grantEnd(ctx: KoaContextWithOIDC): RevocationEvent | undefined {
  const reason = REASONS[routeOf(ctx) ?? ''];
  if (reason === undefined) return undefined;
  const { client, entities } = ctx.oidc;
  const held = entities.RefreshToken ?? entities.AuthorizationCode ?? entities.AccessToken;
  return {
    type: 'revocation',
    outcome: 'accepted',
    ...(held?.accountId !== undefined && { subject: held.accountId }),
    clientId: held?.clientId ?? client?.clientId ?? UNAUTHENTICATED,
    reason,
    ...claimedTrace(),
  };
}

/** Records each logout that ends a session; the answer waits for it. OpenID Connect RP-Initiated Logout 1.0 */
export function recordLogouts(provider: Provider, trail: ServerAuditTrail): void {
  provider.on('end_session.success', (ctx) => {
    const { session, params, client } = ctx.oidc;
    const subject = session?.accountId;
    if (subject === undefined || !params?.['logout']) return;
    const by = client && { clientId: client.clientId };
    afterwards(ctx, trail.append({ type: 'logout', outcome: 'accepted', subject, ...by, ...claimedTrace() }));
  });
}

/**
 * Middleware that records questions about tokens that are refused: of callers that did not authenticate, and about opaque tokens
 * of another client. Those about JWTs are recorded where they are answered.
 */
export function recordIntrospection(options: RefusalRecords) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    if (routeOf(ctx) !== 'introspection') return;
    const { RefreshToken, AccessToken, ClientCredentials } = ctx.oidc.entities;
    const token = RefreshToken ?? AccessToken ?? ClientCredentials;
    if (ctx.status === 401) await recordIntrospectionRefusal(ctx, options);
    else if (token && isAuthenticated(ctx) && token.clientId !== ctx.oidc.client!.clientId) {
      await recordIntrospectionRefusal(ctx, options, { subject: (token as { accountId?: string }).accountId });
    }
  };
}

interface RefusalRecords {
  readonly trail: Pick<ServerAuditTrail, 'append'>;
  readonly refusals: SampledRefusals;
}

/** Records a question about a token that the client may not know of. Without a record it is refused all the same. */
export async function recordIntrospectionRefusal(
  ctx: KoaContextWithOIDC,
  { trail, refusals }: RefusalRecords,
  token: { readonly subject?: string | undefined; readonly tokenId?: string | undefined } = {},
): Promise<void> {
  const event: IntrospectionRefusedEvent = {
    type: 'introspection_refused',
    outcome: 'rejected',
    clientId: isAuthenticated(ctx) ? ctx.oidc.client!.clientId : UNAUTHENTICATED,
    ...(token.subject !== undefined && { subject: token.subject }),
    ...(token.tokenId !== undefined && { tokenId: token.tokenId }),
    reason: isAuthenticated(ctx) ? 'the token is neither of nor for this client' : 'the client did not authenticate',
    ...claimedTrace(),
  };
  await (isAuthenticated(ctx) ? trail.append(event) : refusals.record(event)).catch(() => undefined);
}
