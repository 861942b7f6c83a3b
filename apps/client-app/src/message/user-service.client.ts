import { Injectable } from '@nestjs/common';
import { context, propagation } from '@opentelemetry/api';
import { LoginRequired } from '../login/login-required.js';
import { readStepUp, StepUpRequired } from '../login/step-up.js';
import { PageError } from '../pages/page-error.js';
import { Settings } from '../settings.js';
import { messageAnswer, type MessageAnswer } from './message.js';

/** Milliseconds; more than user-service itself waits for those behind it. */
const TIMEOUT = 10_000;
const PATH = '/user/message';
const MAX_BYTES = 256 * 1024;

/** user-service, called with the user's access token. */
@Injectable()
export class UserServiceClient {
  constructor(private readonly settings: Settings) {}

  /** Where the message is fetched. */
  get url(): string {
    return this.settings.userServiceUrl + PATH;
  }

  /**
   * The message of the user.
   * @throws LoginRequired when the token is not accepted
   * @throws StepUpRequired when another authentication is needed (RFC 9470)
   * @throws PageError when the message cannot be had
   */
  async message(accessToken: string): Promise<MessageAnswer> {
    const response = await this.#get(PATH, accessToken);
    if (response.status === 401) throw notAccepted(response);
    if (response.status === 403)
      throw new PageError(403, 'This message is not for you', 'You lack the right to read it.');
    if (!response.ok) throw unavailable(new Error(`user-service answered ${response.status}`));
    return parse(await response.text());
  }

  async #get(path: string, accessToken: string): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${accessToken}`, accept: 'application/json' };
    propagation.inject(context.active(), headers);
    try {
      const options: RequestInit = { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT) };
      return await fetch(this.settings.userServiceUrl + path, options);
    } catch (error) {
      throw unavailable(error);
    }
  }
}

function notAccepted({ headers }: Response): LoginRequired {
  const stepUp = readStepUp(headers.get('www-authenticate'));
  return stepUp ? new StepUpRequired(stepUp) : new LoginRequired('user-service did not accept the access token');
}

function parse(body: string): MessageAnswer {
  try {
    if (body.length > MAX_BYTES) throw new Error('The answer is too large');
    return messageAnswer.parse(JSON.parse(body));
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(cause: unknown): PageError {
  return new PageError(
    502,
    'Your message cannot be fetched now',
    'A service behind this page does not answer. Please try again soon.',
    { cause },
  );
}
