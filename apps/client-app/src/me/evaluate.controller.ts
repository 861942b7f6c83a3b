import { Body, Controller, Get, Header, HttpCode, Post, Redirect, Req } from '@nestjs/common';
import type { Request } from 'express';
import { refusedAsPage, signedIn } from './activity.controller.js';
import { EVALUATE_PATH, evaluatePage, type Cell } from './evaluate.page.js';
import { evaluation, usedClients, type Evaluation, type Question, type UsedClients } from './evaluation.js';
import { MeClient, MeRefused } from './me.client.js';
import { notTold } from './not-told.js';

const HTML = 'text/html; charset=utf-8';
/** Questions that the matrix asks at most. */
const MOST_CELLS = 60;
const LONGEST = 200;

/** What would be granted, and by which rules, without anything being issued. */
@Controller(EVALUATE_PATH)
export class EvaluateController {
  constructor(private readonly me: MeClient) {}

  @Get()
  @Header('Content-Type', HTML)
  @Header('Cache-Control', 'no-store')
  async form(@Req() request: Request): Promise<string> {
    const visitor = signedIn(request);
    return evaluatePage({ visitor, clients: await this.#clients(request) });
  }

  @Post()
  @HttpCode(200)
  @Header('Content-Type', HTML)
  @Header('Cache-Control', 'no-store')
  async evaluate(@Body() body: unknown, @Req() request: Request): Promise<string> {
    const visitor = signedIn(request);
    const clients = await this.#clients(request);
    const question = questionIn(body);
    const answer = await this.#ask(request, question);
    return evaluatePage({
      visitor,
      clients,
      question,
      ...(answer instanceof MeRefused ? { refused: answer.reason } : { answer }),
    });
  }

  /** Every client that has acted for this user, with every target that an edge of it leads to. */
  @Post('reach')
  @HttpCode(200)
  @Header('Content-Type', HTML)
  @Header('Cache-Control', 'no-store')
  async reach(@Req() request: Request): Promise<string> {
    const visitor = signedIn(request);
    const clients = await this.#clients(request);
    const targets = [...new Set(clients.flatMap((each) => each.targets))];
    const pairs = clients.flatMap(({ client_id: client, targets: own }) =>
      own.map((audience) => ({ client, audience })),
    );
    const cells: Cell[] = [];
    for (const { client, audience } of pairs.slice(0, MOST_CELLS)) {
      const answer = await this.#ask(request, { client, audience, scope: '', isWhole: false });
      cells.push({ client, audience, ...(answer instanceof MeRefused ? { refused: answer.reason } : { answer }) });
    }
    return evaluatePage({ visitor, clients, matrix: { targets, cells } });
  }

  /** Whence a login comes back that the form has needed. */
  @Get('reach')
  @Redirect(EVALUATE_PATH, 303)
  backFromLogin(): void {}

  async #clients(request: Request): Promise<UsedClients> {
    if (!(await this.me.isThere())) throw notTold();
    return (await this.me.get(request, '/clients', usedClients).catch(refusedAsPage)).clients;
  }

  /** The result, or why the question could not be asked, such as for lack of a token. */
  async #ask(request: Request, { client, audience, scope, isWhole }: Question): Promise<Evaluation | MeRefused> {
    const body = {
      client_id: client,
      ...(audience !== '' && { audience }),
      ...(scope !== '' && { scope }),
      ...(isWhole && { steps: 'all' }),
    };
    return this.me.post(request, '/evaluate', body, evaluation).catch((error: unknown) => {
      if (error instanceof MeRefused && error.status < 429) return error;
      return refusedAsPage(error);
    });
  }
}

function questionIn(body: unknown): Question {
  const given = (body ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string): string => {
    const value = given[name];
    return typeof value === 'string' ? value.trim().slice(0, LONGEST) : '';
  };
  return { client: text('client'), audience: text('audience'), scope: text('scope'), isWhole: text('steps') === 'all' };
}
