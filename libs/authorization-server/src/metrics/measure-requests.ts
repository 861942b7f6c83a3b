import type { Handle } from '../protocol/answer.js';
import { pathOf, ROUTES } from '../protocol/routes.js';
import type { ServerMetrics } from './server-metrics.js';

/** The protocol endpoints by their paths; whatever is below one counts as it. */
const ENDPOINTS = [...Object.entries(ROUTES), ['discovery', '/.well-known'] as const];
const UNKNOWN = 'unknown';

/** Measures the protocol endpoints. */
export function measureRequests(metrics: ServerMetrics, handle: Handle): Handle {
  return async (request, response) => {
    const stop = metrics.requestDuration.startTimer();
    try {
      await handle(request, response);
    } finally {
      stop({ endpoint: endpointOf(pathOf(request)), status: String(response.statusCode) });
    }
  };
}

function endpointOf(path: string): string {
  return ENDPOINTS.find(([, at]) => path === at || path.startsWith(`${at}/`))?.[0] ?? UNKNOWN;
}
