import { Catch, HttpException, Logger, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { Request, Response } from 'express';
import { retryAfterOf, UNAVAILABLE } from '../protocol/outage.js';
import { outagePage } from './outage-page.js';
import { pagePolicy } from './page.js';

/** Answers with 503 and when to come again what a controller cannot do because something is out of reach for now. */
@Catch()
export class OutageFilter extends BaseExceptionFilter {
  readonly #log = new Logger('AuthorizationServer');

  override catch(error: unknown, host: ArgumentsHost): void {
    const retryAfter = retryAfterOf(error);
    if (error instanceof HttpException || retryAfter === undefined) return super.catch(error, host);
    this.#log.warn({ event: 'outage', reason: (error as Error).message });
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    response.status(503).set({ 'retry-after': String(retryAfter), 'cache-control': 'no-store' });
    if (request.accepts('json', 'html') === 'html') answerPage(response);
    else response.json(UNAVAILABLE);
  }
}

function answerPage(response: Response): void {
  response.set('content-security-policy', pagePolicy());
  response.type('html').send(outagePage());
}
