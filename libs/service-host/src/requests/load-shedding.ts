import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf, type Middleware } from './middleware.js';

/** How an app behaves when it gets more requests than it can answer. */
export interface OverloadOptions {
  /** Paths that are answered however busy the app is, beside those of its health: cheap ones that others live on. */
  readonly alwaysAnswered?: readonly string[];
  /** Is told of each request that is refused. */
  readonly onRefused?: () => void;
}

/** RFC 9110 §10.2.3. Seconds: what was begun is done by then. */
const RETRY_AFTER = '1';

/** How long a request counts as work while its body is still on its way. Milliseconds. */
const BODY_GRACE = 250;

const IN_JSON = answer(
  'application/json; charset=utf-8',
  JSON.stringify({ error: 'temporarily_unavailable', error_description: 'the server is busy; try again later' }),
);
const IN_WORDS = answer('text/plain; charset=utf-8', 'The server is busy. Try again in a moment.\n');

/**
 * Refuses what is over a number of requests at once, before anything of it is parsed, so that what was begun ends in time:
 * without it everybody waits longer with each request that arrives, until all of them wait in vain.
 */
export class LoadShedding {
  readonly #limit: number;
  readonly #alwaysAnswered: ReadonlySet<string>;
  readonly #onRefused: () => void;
  #working = 0;

  constructor(limit: number, alwaysAnswered: readonly string[], onRefused: () => void) {
    this.#limit = limit;
    this.#alwaysAnswered = new Set(alwaysAnswered);
    this.#onRefused = onRefused;
  }

  /** Must stand before everything that costs: logs, traces, parsers. */
  readonly middleware: Middleware = (request, response, next) => {
    if (this.#alwaysAnswered.has(pathOf(request))) return next();
    if (this.#working >= this.#limit) {
      this.#onRefused();
      return refuse(request, response);
    }
    this.#occupy(request, response);
    next();
  };

  /** Counts a request as work until it is answered, except for the time that a slow sender takes. */
  #occupy(request: IncomingMessage, response: ServerResponse): void {
    let occupied = false;
    const occupy = (): void => {
      if (occupied || response.closed) return;
      occupied = true;
      this.#working += 1;
    };
    const free = (): void => {
      if (occupied) this.#working -= 1;
      occupied = false;
    };
    occupy();
    // otherwise a few senders that never end their bodies would keep everybody else out
    const slow = setTimeout(() => {
      if (request.complete) return;
      free();
      request.once('end', occupy);
    }, BODY_GRACE).unref();
    response.once('close', () => {
      clearTimeout(slow);
      free();
    });
  }
}

function refuse({ headers }: IncomingMessage, response: ServerResponse): void {
  const { head, body } = headers.accept?.includes('text/html') ? IN_WORDS : IN_JSON;
  response.writeHead(503, head).end(body);
}

/** Made once: what it costs to refuse is taken from those who are let in. */
function answer(type: string, text: string): { readonly head: string[]; readonly body: Buffer } {
  const body = Buffer.from(text);
  const headers = {
    'Retry-After': RETRY_AFTER,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    'Content-Type': type,
    'Content-Length': String(body.length),
  };
  return { head: Object.entries(headers).flat(), body };
}
