import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { namedClient } from './named-client.js';
import { ROUTES } from './routes.js';

/** Whether pages of an origin may read what a client is answered; without a client, what any of them is. */
export type AllowsOrigin = (origin: string, clientId?: string) => boolean;

/** What pages may ask for as clients, and by which methods. The metadata and the keys are for every page. */
export const SHARED_ENDPOINTS: ReadonlyMap<string, string> = new Map([
  [ROUTES.token, 'POST'],
  [ROUTES.introspection, 'POST'],
  [ROUTES.revocation, 'POST'],
  [ROUTES.pushed_authorization_request, 'POST'],
  [ROUTES.userinfo, 'GET, POST'],
]);

// seconds
const REMEMBERED = '3600';

const EXPOSED = 'DPoP-Nonce, WWW-Authenticate, Retry-After';

/** The origins that the registered clients list. */
export function registeredOrigins({ clients }: Pick<ServerConfig, 'clients'>): AllowsOrigin {
  return (origin, asked) =>
    clients.some(
      ({ clientId, enabled, allowedOrigins }) =>
        enabled && (asked ?? clientId) === clientId && allowedOrigins.includes(origin),
    );
}

/** Lets the page that asks read the answer of the token endpoint, when its origin is one of the client's. Fetch §3.3 */
export function shareAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  form: URLSearchParams,
  allows: AllowsOrigin,
): void {
  shareWith(request, response, form.get('client_id') ?? namedClient(request), allows);
}

/** Lets the page that asks read the answer, when its origin is one of this client's. Fetch §3.3 */
export function shareWith(
  { headers: { origin } }: IncomingMessage,
  response: ServerResponse,
  clientId: string | undefined,
  allows: AllowsOrigin,
): void {
  if (origin === undefined || !allows(origin, clientId)) return;
  allow(response, origin);
  keepFromPages(response);
}

/** Keeps the provider from sharing an answer: it lets every page read one that says nothing of pages yet. */
export function keepFromPages(response: ServerResponse): void {
  response.setHeader('access-control-expose-headers', EXPOSED);
}

/** Answers a browser that asks whether a page may send the request that it wants to send. Fetch §3.3.2 */
export function answerPreflight(
  { headers }: IncomingMessage,
  response: ServerResponse,
  methods: string,
  allows: AllowsOrigin,
): void {
  const { origin, 'access-control-request-headers': wanted } = headers;
  if (origin !== undefined && headers['access-control-request-method'] !== undefined && allows(origin)) {
    allow(response, origin);
    response.setHeader('access-control-allow-methods', methods);
    response.setHeader('access-control-max-age', REMEMBERED);
    if (wanted !== undefined) response.setHeader('access-control-allow-headers', wanted);
  }
  response.writeHead(204, { allow: methods }).end();
}

function allow(response: ServerResponse, origin: string): void {
  response.appendHeader('vary', 'Origin');
  response.setHeader('access-control-allow-origin', origin);
}
