import { Catch, HttpException, Inject, Logger, Optional, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { Request, Response } from 'express';
import { retryAfterOf, UNAVAILABLE } from '../protocol/outage.js';
import { outagePage } from './outage-page.js';
import { pagePolicy } from './page.js';
import { Pages, type PageView } from './page-view.js';
import { answerRefusalPage } from './refusal-page.js';

/**
 * Answers with 503 and when to come again what a controller cannot do because something is out of reach for now; and whatever
 * else fails with a page, when a browser asked.
 */
@Catch()
export class OutageFilter extends BaseExceptionFilter {
  readonly #log = new Logger('AuthorizationServer');
  readonly #pages: Pages;

  constructor(@Optional() @Inject(Pages) pages?: Pages) {
    super();
    this.#pages = pages ?? new Pages();
  }

  /** Answers for what a controller has thrown; what is no outage, and not for a browser, is left to Nest. */
  override catch(error: unknown, host: ArgumentsHost): void {
    const retryAfter = retryAfterOf(error);
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (error instanceof HttpException || retryAfter === undefined) {
      if (!isBrowser(request) || response.headersSent) return super.catch(error, host);
      const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
      if (status >= 500) this.#log.error(error);
      return answerRefusalPage(response, status, this.#pages.for(request));
    }
    this.#log.warn({ event: 'outage', reason: (error as Error).message });
    response.status(503).set({ 'retry-after': String(retryAfter), 'cache-control': 'no-store' });
    if (isBrowser(request)) answerPage(response, this.#pages.for(request));
    else response.json(UNAVAILABLE);
  }
}

function isBrowser(request: Request): boolean {
  return request.accepts('json', 'html') === 'html';
}

/** What reads bodies before any controller says the status so. */
function statusOf(error: unknown): number {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

function answerPage(response: Response, view: PageView): void {
  response.set('content-security-policy', pagePolicy());
  response.type('html').send(outagePage(view));
}
