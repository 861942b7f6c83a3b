import { Controller, Get, Header, Req } from '@nestjs/common';
import type { Request } from 'express';
import { AccessTokens } from '../login/access-tokens.js';
import { LoginRequired } from '../login/login-required.js';
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
      return await this.userService.message(accessToken);
    } catch (error) {
      const age = Date.now() - (request.session.login?.signedInAt ?? 0);
      if (!(error instanceof LoginRequired) || age > JUST_SIGNED_IN) throw error;
      throw new PageError(
        502,
        'Your message cannot be fetched now',
        'A service behind this page refuses the sign-in.',
        { cause: error },
      );
    }
  }
}
