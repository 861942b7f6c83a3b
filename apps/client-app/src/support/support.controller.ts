import { Body, Controller, Get, Header, NotFoundException, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginRequired } from '../login/login-required.js';
import { UserServiceClient } from '../message/user-service.client.js';
import { PageError } from '../pages/page-error.js';
import { regenerate } from '../session/sessions.js';
import { visitorOf } from '../session/visitor.js';
import type { WantedAccount } from './support-session.js';
import { accountPage, endedPage, supportPage } from './support.page.js';
import { SupportTool } from './support-tool.js';

/** The tool of a support engineer: sees what a customer sees, for a reason and for a while. */
@Controller('support')
export class SupportController {
  constructor(
    private readonly tool: SupportTool,
    private readonly userService: UserServiceClient,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async choose(@Req() request: Request): Promise<string> {
    await this.#demand();
    return supportPage(visitorOf(request));
  }

  @Post()
  async begin(@Body() body: unknown, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#demand();
    request.session.wantedAccount = wantedIn(body);
    response.redirect(303, (await this.tool.begin(request, response)).href);
  }

  @Get('callback')
  async callback(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#demand();
    const { wantedAccount, login } = request.session;
    if (!wantedAccount) return response.redirect(303, '/support');
    const usedAccount = await this.tool.complete(request, response, wantedAccount);
    await regenerate(request);
    // beside whoever is signed in here, never in place of them
    Object.assign(request.session, { usedAccount, ...(login && { login }) });
    response.redirect(303, '/support/account');
  }

  @Get('account')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async account(@Req() request: Request): Promise<string> {
    const { usedAccount } = request.session;
    if (!usedAccount || usedAccount.expiresAt <= Date.now()) return this.#end(request);
    try {
      const answer = await this.userService.message(usedAccount.accessToken);
      return accountPage(usedAccount, answer, visitorOf(request));
    } catch (error) {
      // the customer, an operator or the end of time has stopped it
      if (error instanceof LoginRequired) return this.#end(request);
      throw error;
    }
  }

  @Post('stop')
  async stop(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { usedAccount } = request.session;
    if (usedAccount) await this.tool.stop(usedAccount);
    delete request.session.usedAccount;
    response.redirect(303, '/support/account');
  }

  #end(request: Request): string {
    delete request.session.usedAccount;
    return endedPage(visitorOf(request));
  }

  async #demand(): Promise<void> {
    if (!(await this.tool.isPossible())) throw new NotFoundException();
  }
}

function wantedIn(body: unknown): WantedAccount {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  const [customer, reason, ticket] = ['customer', 'reason', 'ticket'].map((name) => textOf(given[name]));
  if (!customer || !reason) throw new PageError(400, 'Something is missing', 'Name the customer and the reason.');
  return { customer, reason, ...(ticket && { ticket }) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim().slice(0, 500) : '';
}
