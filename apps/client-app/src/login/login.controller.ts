import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { destroy, regenerate, save } from '../session/sessions.js';
import { DEMO_USER, LoginService, SIGNED_OUT } from './login.service.js';

/** Signing in and out. */
@Controller()
export class LoginController {
  constructor(private readonly logins: LoginService) {}

  @Get('login')
  async login(@Query('demo') demo: unknown, @Req() request: Request, @Res() response: Response): Promise<void> {
    const url = await this.logins.begin(request, response, '/', demo === undefined ? {} : { hint: DEMO_USER });
    response.redirect(303, url.href);
  }

  @Get('callback')
  async callback(@Req() request: Request, @Res() response: Response): Promise<void> {
    // the back button, or a second tab: there is nothing left to do
    if (request.session.login && !(await this.logins.isPending(request))) return response.redirect(303, '/');
    const { login, returnTo } = await this.logins.complete(request, response);
    await regenerate(request);
    request.session.login = login;
    // before the browser asks for the next page, at whichever replica
    await save(request);
    response.redirect(303, returnTo);
  }

  /** A POST, and refused from other origins: nobody else's page can sign the user out. */
  @Post('logout')
  async logout(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { login } = request.session;
    await destroy(request);
    const atProvider = login && (await this.logins.end(login));
    response.redirect(303, atProvider?.href ?? `/?state=${SIGNED_OUT}`);
  }
}
