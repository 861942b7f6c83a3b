import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ClientLimits } from './client-limits.js';
import { TOO_MANY_REQUESTS } from './too-many-requests.js';

/** The endpoints at which clients authenticate, and secrets could be guessed. */
const AUTHENTICATING = ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke', '/oauth2/par'];

/**
 * Middleware that refuses with 429 what exceeds the limits of an address, or of a client at an address: of all requests,
 * and of those that fail to authenticate.
 */
export function limitProtocolRequests(limits: ClientLimits) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (ctx.method !== 'POST' || !AUTHENTICATING.includes(ctx.path)) return next();
    const wait = limits.begin(ctx.req);
    if (wait !== undefined) return refuse(ctx, wait);
    await next();
    if (ctx.status === 401) limits.failed(ctx.req);
  };
}

function refuse(ctx: KoaContextWithOIDC, seconds: number): void {
  ctx.status = 429;
  ctx.set({ 'retry-after': String(seconds), 'cache-control': 'no-store' });
  ctx.body = TOO_MANY_REQUESTS;
}
