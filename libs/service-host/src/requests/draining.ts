import type { Server, ServerResponse } from 'node:http';
import { Server as TcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Middleware } from './middleware.js';

/** How long a connection that waits for its next request is kept while draining. Milliseconds. */
const IDLE_GRACE = 1_000;

/** Lets a server finish what it has begun, and nothing more. */
export class Draining {
  readonly #open = new Set<ServerResponse>();
  #draining = false;

  /** Must see every request before anything else does. */
  readonly middleware: Middleware = (_request, response, next) => {
    this.#open.add(response);
    response.once('close', () => this.#open.delete(response));
    if (this.#draining) response.setHeader('Connection', 'close');
    next();
  };

  /** Whether the app is about to end: from then on it is not ready. */
  get begun(): boolean {
    return this.#draining;
  }

  /**
   * Tells that the app is about to end, and goes on answering for a while: whoever distributes requests needs some time to
   * notice, and what waits in a listener that is closed would be reset.
   * @param delay milliseconds
   */
  async announce(delay: number): Promise<void> {
    this.#draining = true;
    if (delay > 0) await sleep(delay);
  }

  /**
   * Accepts no further connection, answers what was asked, and tells clients not to reuse their connection; what is
   * still open at the deadline is cut off.
   * @param deadline milliseconds
   * @returns whether everything ended before the deadline
   */
  async drain(server: Server, deadline: number): Promise<boolean> {
    this.#draining = true;
    for (const response of this.#open) if (!response.headersSent) response.setHeader('Connection', 'close');
    const closed = new Promise<void>((resolve) => {
      // not Server.close() of http, which cuts idle connections while a request may be on its way to them
      TcpServer.prototype.close.call(server, () => resolve());
    });
    let inTime = true;
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_GRACE);
    const end = setTimeout(() => {
      inTime = false;
      server.closeAllConnections();
    }, deadline);
    await closed;
    clearInterval(idle);
    clearTimeout(end);
    return inTime;
  }
}
