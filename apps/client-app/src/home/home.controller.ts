import { Controller, Get, Header, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginRequired } from '../login/login-required.js';
import { SIGNED_OUT } from '../login/login.service.js';
import { homePage, signedOutPage } from './home.page.js';

/** The start page: a greeting, or the way to the login. */
@Controller()
export class HomeController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  home(@Req() request: Request, @Query('state') state: unknown): string {
    if (request.session.login) return homePage(request.session.login);
    if (state === SIGNED_OUT) return signedOutPage();
    throw new LoginRequired('Nobody is signed in');
  }
}
