import { isNormalPath, isRequestTarget } from '@onbehalf/oauth-protocol';
import { pathOf, type Middleware } from './middleware.js';
import { answerRefusal, type RefusalPage } from './refusal-page.js';

const MALFORMED = { error: 'invalid_request', error_description: 'the request target is malformed' };
const NOT_FOUND = { statusCode: 404, message: 'Not Found' };

/**
 * Refuses requests whose target is written so that one reader takes it for something else than the next: limits and guards stand
 * before what they protect, and go by what is written. Must stand before everything that looks at a path.
 */
export function refuseTargets(page?: RefusalPage): Middleware {
  return (request, response, next) => {
    if (!isRequestTarget(request.url ?? '')) return answerRefusal(response, 400, MALFORMED, request, page);
    if (!isNormalPath(pathOf(request))) return answerRefusal(response, 404, NOT_FOUND, request, page);
    next();
  };
}
