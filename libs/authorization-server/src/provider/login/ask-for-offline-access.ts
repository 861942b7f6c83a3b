import type { KoaContextWithOIDC } from 'oidc-provider';
import { ROUTES } from '../../protocol/routes.js';

/**
 * Middleware that has the user asked when a client wants access that outlives the session. Without `prompt=consent` the scope
 * would count for nothing, and nobody would be told. OpenID Connect Core §11
 */
export async function askForOfflineAccess(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const { scope, prompt = '' } = ctx.query;
  if (ctx.path === ROUTES.authorization && typeof scope === 'string' && typeof prompt === 'string') {
    const prompts = prompt.split(' ').filter(Boolean);
    const isOffline = scope.split(' ').includes('offline_access');
    const mayAsk = !prompts.includes('none') && !prompts.includes('consent');
    if (isOffline && mayAsk) ctx.query = { ...ctx.query, prompt: [...prompts, 'consent'].join(' ') };
  }
  await next();
}
