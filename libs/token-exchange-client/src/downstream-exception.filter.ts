import { Catch, Inject, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { trace } from '@opentelemetry/api';
import { throwError, type Observable } from 'rxjs';
import { DownstreamRefused, DownstreamUnavailable, UnexpectedAnswer } from './downstream/downstream-errors.js';
import { ExchangeRefused, ExchangeUnavailable, NoSubjectToken } from './tokens/exchange-errors.js';
import { toGraphqlError, toMessageRefusal, type MessageRefusal } from './other-transports.js';
import { toProblem, type ProblemAnswer } from './problem.js';

/** The parts of socket.io's and ws' sockets that are needed. */
interface Socket {
  readonly emit: (event: string, data: unknown) => unknown;
  /** Of ws, whose `emit` reaches nobody but this process. */
  readonly readyState?: number;
  readonly send?: (text: string) => unknown;
}

/**
 * Turns failures of exchanges and downstream calls into answers: a problem document (RFC 9457) that tells the caller what it
 * can do, and nothing else; its counterparts for GraphQL, WebSockets and messages. 401 when the caller's token is not accepted
 * any more, or another authentication is needed (RFC 9470). The log names the setting that is wrong.
 */
@Catch(ExchangeRefused, ExchangeUnavailable, NoSubjectToken, DownstreamRefused, DownstreamUnavailable, UnexpectedAnswer)
export class DownstreamExceptionFilter implements ExceptionFilter<Error> {
  readonly #logger = new Logger('TokenExchangeModule');
  readonly #host: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(error: Error, host: ArgumentsHost): Observable<never> | void {
    const answer = toProblem(error);
    this.#log(error, answer.problem.status);
    switch (host.getType<string>()) {
      case 'http':
        return this.#reply(answer, host);
      case 'rpc':
        return throwError(() => toMessageRefusal(answer.problem));
      case 'ws':
        return emit(host.switchToWs().getClient<Socket>(), toMessageRefusal(answer.problem));
      default:
        // GraphQL: what is thrown is told among the errors of the answer
        throw toGraphqlError(answer);
    }
  }

  #log(error: Error, status: number): void {
    const line = `${status} ${error.name}: ${error.message}`;
    if (!(error instanceof ExchangeRefused) || error.about !== 'set-up') return this.#logger.warn(line);
    const place = error.service === undefined ? 'exchange' : `forFeature[${error.service}]`;
    const setting = error.setting ?? 'what the server says of this client';
    const of = /^(?:clientAuthentication|preset|dpop)/.test(setting) ? '' : `${place}.`;
    this.#logger.error(`${line}; look at TokenExchangeModule.${of}${setting}`);
  }

  #reply({ headers, problem }: ProblemAnswer, host: ArgumentsHost): void {
    const { httpAdapter } = this.#host;
    const response: unknown = host.switchToHttp().getResponse();
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json; charset=utf-8');
    // what the user can quote and the logs know
    const reference = trace.getActiveSpan()?.spanContext().traceId;
    // as text: NestJS 11 would give an object another media type
    httpAdapter.reply(response, JSON.stringify({ ...problem, ...(reference && { reference }) }), problem.status);
  }
}

function emit(client: Socket, refusal: MessageRefusal): void {
  if (typeof client.readyState === 'number' && client.send) {
    client.send(JSON.stringify({ event: 'exception', data: refusal }));
  } else {
    client.emit('exception', refusal);
  }
}
