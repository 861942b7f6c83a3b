import type { ServerResponse } from 'node:http';
import { isNormalPath, isRequestTarget } from '@onbehalf/oauth-protocol';
import { pathOf, type Middleware } from './middleware.js';

const MALFORMED = { error: 'invalid_request', error_description: 'the request target is malformed' };
const NOT_FOUND = { statusCode: 404, message: 'Not Found' };

/**
 * Refuses requests whose target is written so that one reader takes it for something else than the next: limits and guards stand
 * before what they protect, and go by what is written. Must stand before everything that looks at a path.
 */
export const refuseTargets: Middleware = (request, response, next) => {
  if (!isRequestTarget(request.url ?? '')) return answer(response, 400, MALFORMED);
  if (!isNormalPath(pathOf(request))) return answer(response, 404, NOT_FOUND);
  next();
};

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}
