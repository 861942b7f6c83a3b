import { Controller, Get, Header, Req } from '@nestjs/common';
import type { Request } from 'express';
import { AccessTokens } from '../login/access-tokens.js';
import { LoginRequired } from '../login/login-required.js';
import { StepUpRequired } from '../login/step-up.js';
import { PageError } from '../pages/page-error.js';
import { messagePage } from './message.page.js';
import { UserServiceClient } from './user-service.client.js';
import type { MessageAnswer } from './message.js';

/** A token refused so soon after the login would be refused after another login too. Milliseconds. */
const JUST_SIGNED_IN = 30_000;

/** The message of the signed-in user. */
@Controller('api/user/message')
export class MessageController {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly userService: UserServiceClient,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async message(@Req() request: Request): Promise<string> {
    const answer = await this.#fetch(request);
    const { login } = request.session;
    if (!login) throw new LoginRequired('The session has ended');
    return messagePage(login, answer);
  }

  async #fetch(request: Request): Promise<MessageAnswer> {
    const accessToken = await this.tokens.current(request);
    try {
      const answer = await this.userService.message(accessToken);
      endTrial(request);
      return answer;
    } catch (error) {
      throw error instanceof LoginRequired ? (failureOfLogin(error, request) ?? error) : error;
    }
  }
}

/** What to tell where another login would change nothing; `undefined` where it may help. */
function failureOfLogin(error: LoginRequired, request: Request): PageError | undefined {
  if (error instanceof StepUpRequired) {
    if (!endTrial(request)) return undefined;
    const explanation = 'This page needs a stronger sign-in than the one that was possible.';
    return new PageError(403, 'Your sign-in is not strong enough', explanation, { cause: error });
  }
  const age = Date.now() - (request.session.login?.signedInAt ?? 0);
  if (age > JUST_SIGNED_IN) return undefined;
  const explanation = 'A service behind this page refuses the sign-in.';
  return new PageError(502, 'Your message cannot be fetched now', explanation, { cause: error });
}

/** One login for one challenge: whether the present one was such a login. The next challenge is a new one. */
function endTrial({ session }: Request): boolean {
  if (!session.login?.onTrial) return false;
  session.login = { ...session.login, onTrial: false };
  return true;
}
