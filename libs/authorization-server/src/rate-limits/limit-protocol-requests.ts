import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handle } from '../provider/live-provider.js';
import { ROUTES } from '../provider/provider-configuration.js';
import type { ClientLimits } from './client-limits.js';
import { TOO_MANY_REQUESTS } from './too-many-requests.js';

/** The endpoints at which clients authenticate, and secrets could be guessed. */
const AUTHENTICATING = [ROUTES.token, ROUTES.introspection, ROUTES.revocation, ROUTES.pushed_authorization_request];

/**
 * Refuses with 429 what exceeds the limits of an address, or of a client at an address: of all requests, and of those that
 * fail to authenticate.
 */
export function limitProtocolRequests(limits: ClientLimits, handle: Handle): Handle {
  return async (request, response) => {
    if (!isLimited(request)) return handle(request, response);
    const wait = limits.begin(request);
    if (wait !== undefined) return refuse(response, wait);
    await handle(request, response);
    if (response.statusCode === 401) limits.failed(request);
  };
}

function isLimited({ method, url = '' }: IncomingMessage): boolean {
  return method === 'POST' && AUTHENTICATING.includes(url.split('?', 1)[0]!);
}

function refuse(response: ServerResponse, seconds: number): void {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  response.writeHead(429, { ...headers, 'retry-after': String(seconds) });
  response.end(JSON.stringify(TOO_MANY_REQUESTS));
}
