import type { Request } from 'express';
import { PageError } from '../pages/page-error.js';
import type { LoginRequired } from './login-required.js';
import { StepUpRequired } from './step-up.js';

/** A token refused so soon after the login would be refused after another login too. Milliseconds. */
const JUST_SIGNED_IN = 30_000;

/** What to tell where another login would change nothing; `undefined` where it may help. */
export function failureOfLogin(error: LoginRequired, request: Request, title: string): PageError | undefined {
  if (error instanceof StepUpRequired) {
    if (!endTrial(request)) return undefined;
    const explanation = 'This page needs a stronger sign-in than the one that was possible.';
    return new PageError(403, 'Your sign-in is not strong enough', explanation, { cause: error });
  }
  const age = Date.now() - (request.session.login?.signedInAt ?? 0);
  if (age > JUST_SIGNED_IN) return undefined;
  return new PageError(502, title, 'A service behind this page refuses the sign-in.', { cause: error });
}

/** One login for one challenge: whether the present one was such a login. The next challenge is a new one. */
export function endTrial({ session }: Request): boolean {
  if (!session.login?.onTrial) return false;
  session.login = { ...session.login, onTrial: false };
  return true;
}
