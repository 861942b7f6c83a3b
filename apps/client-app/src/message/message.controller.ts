import { Controller, Get, Header, Logger, Req } from '@nestjs/common';
import type { Request } from 'express';
import { AccessTokens } from '../login/access-tokens.js';
import { LoginRequired } from '../login/login-required.js';
import { endTrial, failureOfLogin } from '../login/second-login.js';
import type { AuditRecord } from '../run/run.js';
import { ActivityRecords } from '../me/activity-records.js';
import { withRecords } from '../run/with-records.js';
import { visitorOf } from '../session/visitor.js';
import { flowOf, type Span } from './flow.js';
import { messagePage } from './message.page.js';
import { UserServiceClient } from './user-service.client.js';
import type { MessageAnswer } from './message.js';

/** The message of the signed-in user. */
@Controller('api/user/message')
export class MessageController {
  readonly #logger = new Logger('Message');

  constructor(
    private readonly tokens: AccessTokens,
    private readonly userService: UserServiceClient,
    private readonly records: ActivityRecords,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async message(@Req() request: Request): Promise<string> {
    const came = now();
    const accessToken = await this.tokens.current(request);
    const called = now();
    const answer = await this.#fetch(request, accessToken);
    const userService = since(called);
    const records = await this.#recordsOf(request);
    const visitor = visitorOf(request);
    if (!visitor) throw new LoginRequired('The session has ended');
    const { track, tokens } = flowOf(answer, { browser: since(came), userService, url: this.userService.url });
    const [flow = track] = withRecords([track], tokens, records);
    return messagePage(visitor, answer, { track: flow, tokens });
  }

  /** The message is shown also where nothing can be read of what the server has decided. */
  async #recordsOf(request: Request): Promise<readonly AuditRecord[]> {
    return this.records.latest(request).catch((error: unknown) => {
      this.#logger.warn(error);
      return [];
    });
  }

  async #fetch(request: Request, accessToken: string): Promise<MessageAnswer> {
    try {
      const answer = await this.userService.message(accessToken);
      endTrial(request);
      return answer;
    } catch (error) {
      throw error instanceof LoginRequired
        ? (failureOfLogin(error, request, 'Your message cannot be fetched now') ?? error)
        : error;
    }
  }
}

/** Milliseconds since the epoch, finer than a whole one. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function since(startedAt: number): Span {
  return { startedAt, duration: now() - startedAt };
}
