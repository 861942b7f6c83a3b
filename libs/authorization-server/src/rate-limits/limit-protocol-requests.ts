import type { IncomingMessage } from 'node:http';
import { answerJson } from '../provider/answer-json.js';
import type { Handle } from '../provider/live-provider.js';
import { pathOf } from '../provider/path-of.js';
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
    if (wait !== undefined) return answerJson(response, 429, TOO_MANY_REQUESTS, { 'retry-after': String(wait) });
    await handle(request, response);
    if (response.statusCode === 401) limits.failed(request);
  };
}

function isLimited(request: IncomingMessage): boolean {
  return request.method === 'POST' && AUTHENTICATING.includes(pathOf(request));
}
