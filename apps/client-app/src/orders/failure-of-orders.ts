import { DownstreamRefused, ExchangeRefused } from '@onbehalf/token-exchange-client';
import { LoginRequired } from '../login/login-required.js';
import { StepUpRequired } from '../login/step-up.js';
import { PageError } from '../pages/page-error.js';

const NOT_OPEN = 'Your orders are not open to this application';

/** What to tell the user whose orders were not fetched. Where another sign-in may help: that one is needed. */
export function failureOfOrders(error: unknown): Error {
  const cause = { cause: error };
  const isRefusal = error instanceof ExchangeRefused || error instanceof DownstreamRefused;
  if (isRefusal && error.stepUp) return new StepUpRequired(error.stepUp);
  if (!(error instanceof ExchangeRefused) || error.about === 'set-up') {
    const explanation = 'The company that keeps them does not answer as expected. Please try again soon.';
    return new PageError(502, 'Your orders cannot be fetched now', explanation, cause);
  }
  if (error.about === 'subject-token' || error.subjectExpired) {
    return new LoginRequired('The ID token is no longer accepted', cause);
  }
  const explanation =
    error.domain === undefined
      ? 'An administrator has not allowed this application to reach the company that keeps them.'
      : 'The company that keeps them does not know you, or does not let this application see them.';
  return new PageError(403, NOT_OPEN, explanation, cause);
}
