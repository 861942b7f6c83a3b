import { Body, Controller, Get, Header, NotFoundException, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginRequired } from '../../login/login-required.js';
import { visitorOf } from '../../session/visitor.js';
import { Settings } from '../../settings.js';
import type { Card } from '../cards/card.js';
import { CARDS } from '../cards/cards.js';
import { Laboratory } from '../experiment/laboratory.js';
import { Runs } from '../../run/runs.js';
import { pathOf } from './card-form.js';
import { facesPage } from './faces.page.js';
import { failuresPage } from './failures.page.js';
import { whichPage } from './which.page.js';
import { LoginService } from '../../login/login.service.js';
import { offPage, type Off } from './off.page.js';
import { cardPage } from './run.page.js';

const HTML = 'text/html; charset=utf-8';

/** The cards of the lab: what they show, and the buttons that do it. */
@Controller('lab')
export class LabController {
  constructor(
    private readonly settings: Settings,
    private readonly laboratory: Laboratory,
    private readonly runs: Runs,
    private readonly logins: LoginService,
  ) {}

  @Get('faces')
  @Header('Content-Type', HTML)
  @Header('Cache-Control', 'no-store')
  faces(@Req() request: Request): string {
    return facesPage(CARDS, visitorOf(request));
  }

  @Get('failures')
  @Header('Content-Type', HTML)
  @Header('Cache-Control', 'no-store')
  failures(@Req() request: Request): string {
    return failuresPage(CARDS, visitorOf(request));
  }

  @Get('which')
  @Header('Content-Type', HTML)
  @Header('Cache-Control', 'no-store')
  which(@Req() request: Request): string {
    return whichPage(CARDS, visitorOf(request));
  }

  @Get('cards/:id')
  @Header('Cache-Control', 'no-store')
  async card(
    @Param('id') id: string,
    @Query('run') runId: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const card = cardOf(id);
    const visitor = visitorOf(request);
    const off = this.#off();
    if (off) return void response.status(403).type('html').send(offPage(off, visitor));
    const run = typeof runId === 'string' ? await this.runs.find(request.sessionID, runId) : undefined;
    response.type('html').send(cardPage(card, run?.card === card.id ? run : undefined, visitor));
  }

  /** Sends the user to sign in once more, and back to the card. RFC 9470 §4 */
  @Post('cards/:id/sign-in')
  async signIn(@Param('id') id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const card = cardOf(id);
    if (!card.signInAgain) throw new NotFoundException();
    const url = await this.logins.begin(request, response, pathOf(card), {
      stepUp: { maxAge: 0 },
      hint: request.session.login?.subject,
    });
    response.redirect(303, url.href);
  }

  @Post('cards/:id')
  async run(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const card = cardOf(id);
    const off = this.#off();
    if (off) {
      response.status(403).type('html');
      return void response.send(offPage(off, visitorOf(request)));
    }
    if (!request.session.login) throw new LoginRequired('Nobody is signed in');
    const run = await this.laboratory.run(card, fieldsOf(card, body), request);
    response.redirect(303, `${pathOf(card)}?run=${run.id}#result`);
  }

  #off(): Off | undefined {
    if (!this.settings.experiments) return 'production';
    return this.settings.isOnbehalf ? undefined : 'another server';
  }
}

/** @throws NotFoundException when there is no such card */
function cardOf(id: string): Card {
  const card = CARDS.find((each) => each.id === id);
  if (!card) throw new NotFoundException();
  return card;
}

/** What was filled in; what was left out, or is none of the options, is what stood there first. */
function fieldsOf({ fields = [] }: Card, body: unknown): Readonly<Record<string, string>> {
  const given = (body ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    fields.map(({ name, value, options, maxLength = 200 }) => {
      const sent = given[name];
      if (typeof sent !== 'string' || sent === '') return [name, value];
      if (options && !options.some((option) => option.value === sent)) return [name, value];
      return [name, sent.slice(0, maxLength)];
    }),
  );
}
