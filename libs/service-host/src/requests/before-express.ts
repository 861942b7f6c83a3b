import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Middleware } from './middleware.js';
import { answerRefusal, type RefusalPage } from './refusal-page.js';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const FAILED = { statusCode: 500, message: 'Internal server error' };

/**
 * Has every request pass these, in their order, before it reaches Express: what that does for each request costs as much as
 * all of them together, and what is answered before it needs none of it. A failure is an answer of 500 and a line in the log.
 */
export function beforeExpress(server: Server, logger: Logger, steps: readonly Middleware[], page?: RefusalPage): void {
  const [express] = server.listeners('request') as [Handle];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const pass = (index: number): void => {
      const step = steps[index];
      if (!step) return express(request, response);
      try {
        step(request, response, (error) => (error === undefined ? pass(index + 1) : fail(error)));
      } catch (error) {
        fail(error);
      }
    };
    const fail = (error: unknown): void => {
      logger.error({ err: error }, 'a request has failed');
      if (response.headersSent) return void response.destroy();
      answerRefusal(response, 500, FAILED, request, page);
    };
    // an answer that did not wait for the whole body: a sender that is not listened to would not come to read it
    response.once('close', () => request.resume());
    pass(0);
  });
}
