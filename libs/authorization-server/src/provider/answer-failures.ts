import type { default as Provider, KoaContextWithOIDC } from 'oidc-provider';
import { renderErrorPage } from '../pages/provider-pages.js';
import type { ErrorLog } from './log-errors.js';
import { retryAfterOf, UNAVAILABLE } from '../protocol/outage.js';
import { routeOf } from './provider-seam.js';

const FAILED = { error: 'server_error', error_description: 'the request could not be processed' } as const;

/** Remembers why the provider has failed, for {@link answerFailures}: it tells its listeners, and nobody else. */
export function rememberFailures(provider: Provider): void {
  provider.on('server_error', (ctx, error) => void (ctx.state['failure'] = error));
}

/**
 * Middleware around the provider that answers failures: as 503 with Retry-After when something is out of reach for now, and
 * always with a body that clients of OAuth understand, or a page for a browser.
 */
export function answerFailures(log: ErrorLog) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    try {
      await next();
    } catch (error) {
      const { name, message } = error as Error;
      log.error({ event: 'server_error', route: routeOf(ctx), name, reason: message });
      ctx.state['failure'] = error;
      fail(ctx, 500, FAILED);
    }
    if (ctx.status < 500) return;
    const retryAfter = retryAfterOf(ctx.state['failure']) ?? retryAfterOf(ctx.state['refusal']);
    if (retryAfter === undefined) return;
    if (ctx.status === 500) fail(ctx, 503, UNAVAILABLE);
    ctx.set('retry-after', String(retryAfter));
  };
}

function fail(ctx: KoaContextWithOIDC, status: number, body: typeof FAILED | typeof UNAVAILABLE): void {
  ctx.status = status;
  ctx.set('cache-control', 'no-store');
  if (ctx.accepts('json', 'html') === 'html') renderErrorPage(ctx, body);
  else ctx.body = { ...body };
}
