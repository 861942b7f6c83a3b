import type { IncomingMessage, ServerResponse } from 'node:http';
import { namedClient } from '../protocol/named-client.js';

/** Whether pages of an origin may read what a client is answered; without a client, what any of them is. */
export type AllowsOrigin = (origin: string, clientId?: string) => boolean;

// seconds
const REMEMBERED = '3600';

const EXPOSED = 'DPoP-Nonce, WWW-Authenticate, Retry-After';

/** Lets the page that asks read the answer, when its origin is one of the client's. Fetch §3.3 */
export function shareAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  form: URLSearchParams,
  allows: AllowsOrigin,
): void {
  const { origin } = request.headers;
  if (origin === undefined || !allows(origin, form.get('client_id') ?? namedClient(request))) return;
  allow(response, origin);
  response.setHeader('access-control-expose-headers', EXPOSED);
}

/** Keeps the provider from sharing an answer: it lets every page read one that says nothing of pages yet. */
export function keepFromPages(response: ServerResponse): void {
  response.setHeader('access-control-expose-headers', EXPOSED);
}

/** Answers a browser that asks whether a page may send the request that it wants to send. Fetch §3.3.2 */
export function answerPreflight({ headers }: IncomingMessage, response: ServerResponse, allows: AllowsOrigin): void {
  const { origin, 'access-control-request-headers': wanted } = headers;
  if (origin !== undefined && headers['access-control-request-method'] !== undefined && allows(origin)) {
    allow(response, origin);
    response.setHeader('access-control-allow-methods', 'POST');
    response.setHeader('access-control-max-age', REMEMBERED);
    if (wanted !== undefined) response.setHeader('access-control-allow-headers', wanted);
  }
  response.writeHead(204, { allow: 'POST' }).end();
}

function allow(response: ServerResponse, origin: string): void {
  response.appendHeader('vary', 'Origin');
  response.setHeader('access-control-allow-origin', origin);
}
