import { PageError } from '../pages/page-error.js';
import type { MeRefused } from './me.client.js';

/** Where the authorization server does not tell its users about themselves, or not this. */
export function notTold(cause?: MeRefused): PageError {
  if (!cause) {
    const explanation = 'This authorization server does not tell its users what is done in their name.';
    return new PageError(404, 'There is nothing to see here', explanation);
  }
  if (cause.status === 429) return new PageError(429, 'Please wait a little', 'You have asked very often.', { cause });
  return new PageError(cause.status, 'This was not done', `The authorization server says: ${cause.reason}.`, { cause });
}
