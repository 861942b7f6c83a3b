import { Catch, Inject, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { trace } from '@opentelemetry/api';
import { throwError, type Observable } from 'rxjs';
import { DownstreamRefused, DownstreamUnavailable, UnexpectedAnswer } from './downstream/downstream-errors.js';
import { ExchangeRefused, ExchangeUnavailable, NoSubjectToken } from './exchange/exchange-errors.js';
import { toProblem } from './problem.js';

/**
 * Turns failures of exchanges and downstream calls into answers: a problem document (RFC 9457) that tells the caller what it
 * can do, and nothing else. 401 only for a stronger authentication (RFC 9470), or when the caller's token has ended meanwhile.
 */
@Catch(ExchangeRefused, ExchangeUnavailable, NoSubjectToken, DownstreamRefused, DownstreamUnavailable, UnexpectedAnswer)
export class DownstreamExceptionFilter implements ExceptionFilter<Error> {
  readonly #logger = new Logger('TokenExchange');
  readonly #host: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(error: Error, host: ArgumentsHost): Observable<never> | void {
    // other transports have their own way to tell
    if (host.getType() === 'rpc') return throwError(() => error);
    if (host.getType() !== 'http') throw error;
    const { httpAdapter } = this.#host;
    const response: unknown = host.switchToHttp().getResponse();
    const { headers, problem } = toProblem(error);
    this.#logger.warn(`${problem.status} ${error.name}: ${error.message}`);
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json; charset=utf-8');
    // what the user can quote and the logs know
    const reference = trace.getActiveSpan()?.spanContext().traceId;
    httpAdapter.reply(response, { ...problem, ...(reference && { reference }) }, problem.status);
  }
}
