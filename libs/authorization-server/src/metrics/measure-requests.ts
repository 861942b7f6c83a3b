import type { KoaContextWithOIDC } from 'oidc-provider';
import { routeOf } from '../provider/provider-seam.js';
import type { ServerMetrics } from './server-metrics.js';

/** Middleware that measures the protocol endpoints. */
export function measureRequests(metrics: ServerMetrics) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    const stop = metrics.requestDuration.startTimer();
    try {
      await next();
    } finally {
      stop({ endpoint: routeOf(ctx) ?? 'unknown', status: String(ctx.status) });
    }
  };
}
