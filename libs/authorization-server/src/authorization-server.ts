import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LiveProvider } from './provider/live-provider.js';
import { pathOf } from './provider/path-of.js';
import { ROUTES } from './provider/provider-configuration.js';

type Next = (error?: unknown) => void;

const PREFIXES = [
  '/oauth2/',
  '/connect/',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
];
/** Of this library, beside those of the provider. */
const REVOCATION_FEED = '/oauth2/revocations';

/** Where browsers go; whoever else asks gets JSON, RFC 6749 §5.2. */
const PAGES = [ROUTES.authorization, ROUTES.end_session];

/** The protocol endpoints of the server as middleware. Mount it before any body parser. */
export class AuthorizationServer {
  readonly #provider: LiveProvider;
  readonly #host: string;
  readonly #protocol: string;

  constructor(provider: LiveProvider, issuer: string) {
    const { host, protocol } = new URL(issuer);
    this.#provider = provider;
    this.#host = host;
    this.#protocol = protocol.slice(0, -1);
  }

  /** Answers what belongs to the protocol and passes everything else on. */
  readonly middleware = (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    const path = pathOf(request);
    if (path === REVOCATION_FEED || isAnotherSpelling(path)) return next();
    if (path !== ROUTES.userinfo && !PREFIXES.some((prefix) => path.startsWith(prefix))) return next();
    // RFC 6749 §3.2: the client must use POST
    if (path === ROUTES.token && request.method !== 'POST' && request.method !== 'OPTIONS')
      return refuseMethod(response);
    this.#pinAddress(request);
    if (!PAGES.some((page) => path.startsWith(page))) request.headers.accept = 'application/json';
    this.#provider.handle(request, response).catch(next);
  };

  // addresses in metadata, redirects and DPoP proofs follow the issuer, whatever address a caller used
  #pinAddress({ headers }: IncomingMessage): void {
    headers['x-forwarded-host'] = this.#host;
    headers['x-forwarded-proto'] = this.#protocol;
  }
}

/**
 * The provider's router takes `/oauth2/TOKEN`, `/oauth2/token/` and `/oauth2/token#x` for the token endpoint. What stands before
 * it, limits above all, knows an endpoint by its path alone, so that is the only one.
 */
function isAnotherSpelling(path: string): boolean {
  const spelled = path.split('#', 1)[0]!.toLowerCase().replace(/\/+$/, '');
  return spelled !== path && Object.values(ROUTES).includes(spelled);
}

function refuseMethod(response: ServerResponse): void {
  response.writeHead(405, { allow: 'POST', 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ error: 'invalid_request', error_description: 'the token endpoint accepts POST only' }));
}
