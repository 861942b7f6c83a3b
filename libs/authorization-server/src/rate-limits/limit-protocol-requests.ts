import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { answerJson, type Handle } from '../protocol/answer.js';
import { pathOf, ROUTES } from '../protocol/routes.js';
import type { AuthorizationLimits } from './authorization-limits.js';
import type { ClientLimits } from './client-limits.js';
import { TOO_MANY_REQUESTS } from './too-many-requests.js';

/** The endpoints at which clients authenticate, and secrets could be guessed. */
const AUTHENTICATING = [ROUTES.token, ROUTES.introspection, ROUTES.revocation, ROUTES.pushed_authorization_request];

/** Answers a browser with a page that says why. */
export type AnswerPage = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  reason: string,
  headers: OutgoingHttpHeaders,
) => void;

/**
 * Refuses with 429 what exceeds the limits of an address, or of a client at an address: of all requests, of those that fail to
 * authenticate, and of those that the server keeps something of.
 */
export function limitProtocolRequests(
  clients: ClientLimits,
  authorization: AuthorizationLimits,
  handle: Handle,
  answerPage: AnswerPage,
): Handle {
  return async (request, response) => {
    const tooLong = authorization.tooLong(request);
    if (tooLong !== undefined)
      return refuse(answerPage, request, response, 400, { error: 'invalid_request', error_description: tooLong });
    const authenticates = isAuthenticating(request);
    const wait = authorization.begin(request) ?? (authenticates ? clients.begin(request) : undefined);
    if (wait !== undefined)
      return refuse(answerPage, request, response, 429, TOO_MANY_REQUESTS, { 'retry-after': String(wait) });
    await handle(request, response);
    if (authenticates && response.statusCode === 401) clients.failed(request);
  };
}

function isAuthenticating(request: IncomingMessage): boolean {
  return request.method === 'POST' && AUTHENTICATING.includes(pathOf(request));
}

/** In a page to people, as JSON to clients. */
function refuse(
  answerPage: AnswerPage,
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  refusal: { readonly error: string; readonly error_description: string },
  more: OutgoingHttpHeaders = {},
): void {
  if (!request.headers.accept?.includes('text/html')) return answerJson(response, status, refusal, more);
  answerPage(request, response, status, refusal.error_description, more);
}
