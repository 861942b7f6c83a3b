import { Body, Controller, Get, Header, NotFoundException, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginRequired } from '../login/login-required.js';
import { UserServiceClient } from '../message/user-service.client.js';
import { PageError } from '../pages/page-error.js';
import { regenerate, save } from '../session/sessions.js';
import { visitorOf } from '../session/visitor.js';
import type { Engineer, WantedAccount } from '../session/support-session.js';
import { accountPage, customersPage, endedPage, supportPage } from './support.page.js';
import { SupportTool } from './support-tool.js';

const HTML = 'text/html; charset=utf-8';
/** Characters to search for. */
const SHORTEST = 2;

/** The tool of a support engineer: sees what a customer sees, for a reason and for a while. */
@Controller('support')
export class SupportController {
  constructor(
    private readonly tool: SupportTool,
    private readonly userService: UserServiceClient,
  ) {}

  @Get()
  @Header('Content-Type', HTML)
  @Header('Cache-Control', 'no-store')
  async offer(@Req() request: Request): Promise<string> {
    await this.#demand();
    const { engineer, usedAccount } = request.session;
    return supportPage(visitorOf(request), engineer ?? usedAccount);
  }

  @Post()
  async signIn(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#demand();
    response.redirect(303, (await this.tool.begin(request, response)).href);
  }

  @Get('callback')
  async callback(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#demand();
    const engineer = await this.tool.complete(request, response);
    const { login } = request.session;
    await regenerate(request);
    // beside whoever is signed in here, never in place of them
    Object.assign(request.session, { engineer, ...(login && { login }) });
    await goOn(request, response, '/support/customers');
  }

  @Get('customers')
  async choose(@Query('search') search: unknown, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#demand();
    const engineer = freshEngineer(request);
    if (!engineer) return response.redirect(303, '/support');
    const text = textOf(search);
    const found = text.length < SHORTEST ? undefined : await this.tool.customersLike(text, engineer);
    response
      .set('Cache-Control', 'no-store')
      .type('html')
      .send(customersPage({ text, found, engineer, visitor: visitorOf(request) }));
  }

  @Post('account')
  async use(@Body() body: unknown, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.#demand();
    const engineer = freshEngineer(request);
    if (!engineer) return response.redirect(303, '/support');
    request.session.usedAccount = await this.tool.use(wantedIn(body), engineer);
    // used up
    delete request.session.engineer;
    await goOn(request, response, '/support/account');
  }

  @Get('account')
  @Header('Content-Type', HTML)
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
    await goOn(request, response, '/support/account');
  }

  #end(request: Request): string {
    delete request.session.usedAccount;
    return endedPage(visitorOf(request));
  }

  async #demand(): Promise<void> {
    if (!(await this.tool.isPossible())) throw new NotFoundException();
  }
}

/** Keeps what was done before the browser asks for the next page, at whichever replica. */
async function goOn(request: Request, response: Response, path: string): Promise<void> {
  await save(request);
  response.redirect(303, path);
}

/** The engineer, while the sign-in is fresh enough. */
function freshEngineer({ session }: Request): Engineer | undefined {
  const { engineer } = session;
  return engineer && engineer.freshUntil > Date.now() ? engineer : undefined;
}

function wantedIn(body: unknown): WantedAccount {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  const [customer, reason, ticket] = ['customer', 'reason', 'ticket'].map((name) => textOf(given[name]));
  if (!customer || !reason)
    throw new PageError(400, 'Something is missing', 'Choose the customer, and name the reason.');
  return { customer, reason, ...(ticket && { ticket }) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim().slice(0, 500) : '';
}
