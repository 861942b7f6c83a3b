import { Catch, HttpException, HttpStatus, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { currentTraceId } from '@onbehalf/service-host';
import type { Request, Response } from 'express';
import { AuthorizationServerUnavailable } from './authorization-server/authorization-server-unavailable.js';
import { LoginRequired } from './login/login-required.js';
import { LoginService } from './login/login.service.js';
import { StepUpRequired } from './login/step-up.js';
import { destroy } from './session/sessions.js';
import { visitorOf } from './session/visitor.js';
import { errorPage } from './pages/error-page.js';
import { PageError } from './pages/page-error.js';
import { RecordsUnavailable } from './store/records-unavailable.js';

/** Seconds. */
const RETRY_AFTER = 1;

/** Turns every failure into a page with a reference, or into a login where one is all that is missing. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('PageErrorFilter');

  constructor(private readonly logins: LoginService) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) return void response.end();
    if (!(error instanceof LoginRequired)) return this.#answer(error, request, response);
    try {
      const stepUp = error instanceof StepUpRequired ? error.stepUp : undefined;
      // who is asked for more stays signed in meanwhile
      if (!stepUp) await destroy(request);
      response.redirect(303, (await this.logins.begin(request, response, request.path, { stepUp })).href);
    } catch (failure) {
      this.#answer(failure, request, response);
    }
  }

  #answer(error: unknown, request: Request, response: Response): void {
    const { status, title, explanation } = toPageError(error);
    if (status >= 500) this.#logger.error(error);
    else if (error instanceof PageError && error.cause !== undefined) this.#logger.warn(error);
    const reference = currentTraceId() ?? 'none';
    if (status === 503) response.set('Retry-After', String(RETRY_AFTER));
    response.status(status).set('Cache-Control', 'no-store').type('html');
    response.send(errorPage({ title, explanation, reference, visitor: visitorOf(request) }));
  }
}

function toPageError(error: unknown): PageError {
  if (error instanceof PageError) return error;
  if (error instanceof AuthorizationServerUnavailable) {
    return new PageError(
      503,
      'Signing in is not possible now',
      'The authorization server does not answer. Please try again soon.',
    );
  }
  if (error instanceof RecordsUnavailable) {
    const explanation = 'What is known of you cannot be read now. Please try again soon; you stay signed in.';
    return new PageError(503, 'This is not possible now', explanation);
  }
  if (error instanceof HttpException && error.getStatus() < 500) return ofStatus(error.getStatus());
  return new PageError(500, 'Something went wrong', 'It is our fault, not yours. Please try again.');
}

function ofStatus(status: number): PageError {
  if (status === Number(HttpStatus.NOT_FOUND))
    return new PageError(status, 'Page not found', 'There is nothing at this address.');
  if (status === Number(HttpStatus.FORBIDDEN)) {
    return new PageError(
      status,
      'This was not done',
      'The request came from another site. Please use the button on our page.',
    );
  }
  return new PageError(status, 'This did not work', 'The request was not as expected.');
}
