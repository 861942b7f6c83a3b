import type { KoaContextWithOIDC } from 'oidc-provider';
import { keepFromPages, SHARED_ENDPOINTS, shareWith, type AllowsOrigin } from '../../protocol/cross-origin.js';
import { ROUTES } from '../../protocol/routes.js';
import { routeOf } from '../seam/request-seam.js';

/**
 * Middleware that lets pages of a client's origins read its answers, at all endpoints for clients but that for tokens. The provider
 * would let every page, or refuse the request because of where it comes from. Fetch §3.3
 */
export function shareAnswers(allows: AllowsOrigin) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (!SHARED_ENDPOINTS.has(ctx.path) || ctx.path === ROUTES.token) return next();
    keepFromPages(ctx.res);
    await next();
    const client = routeOf(ctx) === undefined ? undefined : ctx.oidc.client;
    shareWith(ctx.req, ctx.res, client?.clientId, allows);
  };
}
