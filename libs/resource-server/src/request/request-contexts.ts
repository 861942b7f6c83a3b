import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';
import { withRequestContext } from '@onbehalf/jwt-verification';
import type { IncomingMessage } from 'node:http';
import { Observable } from 'rxjs';
import { isConnection } from './guarded-call.js';

/** The part of Fastify's instance that is used here. */
interface Hooks {
  addHook(name: 'preHandler', hook: (request: IncomingMessage, reply: unknown, done: () => void) => void): unknown;
}

/**
 * Opens a context around every HTTP request and every message of a microservice, for the guard to set the token in: what runs
 * after the guard, other guards too, then finds it without being called by the guard.
 */
@Injectable()
export class RequestContexts {
  readonly #host: HttpAdapterHost;

  constructor(
    @Inject(ApplicationConfig) application: ApplicationConfig,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    this.#host = host;
    if (!hasPreRequestHooks(application)) return;
    application.registerPreRequestHook(
      (_context, next) =>
        new Observable((subscriber) => withRequestContext(() => subscriber.add(next().subscribe(subscriber)))),
    );
  }

  /** Called when middleware is set up: after the application's own, and before routes and GraphQL. */
  openForHttp(): void {
    const adapter: AbstractHttpAdapter | undefined = this.#host.httpAdapter;
    if (adapter?.getType() === 'fastify') {
      // its middleware runs before the body is read, whose end comes in the context of the connection
      adapter.getInstance<Hooks>().addHook('preHandler', (request, _reply, done) => around(request, done));
    } else {
      adapter?.use((request: IncomingMessage, _response: unknown, next: () => void) => around(request, next));
    }
  }
}

/** NestJS 11 has no hook before messages of microservices: the first guard opens their contexts. */
export function hasPreRequestHooks(application: ApplicationConfig): boolean {
  return 'registerPreRequestHook' in application;
}

/** The request that opens a connection is not that of its messages, which may be of many users. */
function around(request: IncomingMessage, next: () => void): void {
  if (isConnection(request)) next();
  else withRequestContext(next);
}
