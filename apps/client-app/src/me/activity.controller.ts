import { Body, Controller, Get, Header, Post, Query, Redirect, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginRequired } from '../login/login-required.js';
import { visitorOf, type Visitor } from '../session/visitor.js';
import { ACTIVITY_PATH, activityPageOf } from './activity.page.js';
import { activityPage } from './activity.js';
import { MeClient, MeRefused } from './me.client.js';
import { notTold } from './not-told.js';

const LINES = 20;

/** What was done on behalf of the user, and the end of it. */
@Controller(ACTIVITY_PATH)
export class ActivityController {
  constructor(private readonly me: MeClient) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async list(
    @Req() request: Request,
    @Query('cursor') cursor: unknown,
    @Query('agent') asked: unknown,
    @Query('stopped') stopped: unknown,
  ): Promise<string> {
    const visitor = signedIn(request);
    if (!(await this.me.isThere())) throw notTold();
    const agent = textOf(asked);
    const given = { limit: String(LINES), cursor: textOf(cursor), agent };
    const query = new URLSearchParams(Object.entries(given).filter((entry): entry is [string, string] => !!entry[1]));
    const page = await this.me.get(request, `/activity?${query.toString()}`, activityPage).catch(refusedAsPage);
    const told = stopped === undefined ? undefined : 'It has ended, with everything that was made from it.';
    return activityPageOf({ ...page, agent }, visitor, told);
  }

  @Post('stop')
  async stop(@Body() body: unknown, @Req() request: Request, @Res() response: Response): Promise<void> {
    signedIn(request);
    const id = (body as Record<string, unknown> | undefined)?.['id'];
    if (typeof id === 'string')
      await this.me.delete(request, `/activity/${encodeURIComponent(id)}`).catch(refusedAsPage);
    response.redirect(303, `${ACTIVITY_PATH}?stopped`);
  }

  /** Whence a login comes back that the form has needed. */
  @Get('stop')
  @Redirect(ACTIVITY_PATH, 303)
  backFromLogin(): void {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @throws LoginRequired when nobody is signed in */
export function signedIn(request: Request): Visitor {
  const visitor = visitorOf(request);
  if (!visitor) throw new LoginRequired('Nobody is signed in');
  return visitor;
}

/** A refusal as a page; anything else goes on. */
export function refusedAsPage(error: unknown): never {
  if (error instanceof MeRefused) throw notTold(error);
  throw error;
}
