import { Controller, Get, Header, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { SIGNED_OUT } from '../login/login.service.js';
import { Settings } from '../settings.js';
import { homePage, landingPage, signedOutPage } from './home.page.js';

/** The start page: what this is, or a greeting. */
@Controller()
export class HomeController {
  constructor(private readonly settings: Settings) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  home(@Req() request: Request, @Query('state') state: unknown): string {
    if (request.session.login) return homePage(request.session.login);
    return state === SIGNED_OUT ? signedOutPage() : landingPage(this.settings.experiments);
  }
}
