import type { IncomingMessage, ServerResponse } from 'node:http';
import { isNormalPath, isRequestTarget } from '@onbehalf/oauth-protocol';
import { Pages } from './pages/page-view.js';
import { answerRefusalPage } from './pages/refusal-page.js';
import { answerJson } from './protocol/answer.js';
import type { LiveProvider } from './provider/live-provider.js';
import { pathOf, ROUTES } from './protocol/routes.js';

type Next = (error?: unknown) => void;

const PREFIXES = [
  '/oauth2/',
  '/connect/',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
];
/** Of this library, beside those of the provider. */
const REVOCATION_FEED = '/oauth2/revocations';
const ENDPOINTS = [...Object.values(ROUTES), REVOCATION_FEED];

const MALFORMED = { error: 'invalid_request', error_description: 'the request target is malformed' };
const NOT_FOUND = { error: 'not_found', error_description: 'there is nothing at this path' };

/** Where browsers go; whoever else asks gets JSON, RFC 6749 §5.2. */
const PAGES = [ROUTES.authorization, ROUTES.end_session];

/** The protocol endpoints of the server as middleware. Mount it before any body parser. */
export class AuthorizationServer {
  readonly #provider: LiveProvider;
  readonly #host: string;
  readonly #protocol: string;
  readonly #pages: Pages;

  constructor(provider: LiveProvider, issuer: string, pages = new Pages()) {
    const { host, protocol } = new URL(issuer);
    this.#provider = provider;
    this.#pages = pages;
    this.#host = host;
    this.#protocol = protocol.slice(0, -1);
  }

  /** Answers what belongs to the protocol and passes everything else on. */
  readonly middleware = (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    if (!isRequestTarget(request.url ?? '')) return this.#refuse(request, response, 400, MALFORMED);
    const path = pathOf(request);
    if (isAnotherSpelling(path)) return this.#refuse(request, response, 404, NOT_FOUND);
    if (path === REVOCATION_FEED || !isOfProtocol(path)) return next();
    this.#pinAddress(request);
    if (!PAGES.some((page) => path.startsWith(page))) request.headers.accept = 'application/json';
    this.#provider.handle(request, response).catch(next);
  };

  /** In a page to people, as JSON to clients. */
  #refuse(request: IncomingMessage, response: ServerResponse, status: number, refusal: object): void {
    if (request.headers.accept?.includes('text/html')) answerRefusalPage(response, status, this.#pages.for(request));
    else answerJson(response, status, refusal);
  }

  // addresses in metadata, redirects and DPoP proofs follow the issuer, whatever address a caller used
  #pinAddress({ headers }: IncomingMessage): void {
    headers['x-forwarded-host'] = this.#host;
    headers['x-forwarded-proto'] = this.#protocol;
  }
}

/**
 * The provider's router takes `/oauth2/TOKEN` and `/oauth2/token/` for the token endpoint. What stands before it, limits above all,
 * knows an endpoint by its path alone, so that is the only one; and nothing in the paths of the protocol needs to be encoded.
 */
function isAnotherSpelling(path: string): boolean {
  if (ENDPOINTS.includes(path)) return false;
  const spelled = path.toLowerCase().replace(/\/+$/, '');
  return ENDPOINTS.includes(spelled) || (isOfProtocol(spelled) && (path.includes('%') || !isNormalPath(path)));
}

function isOfProtocol(path: string): boolean {
  return path === ROUTES.userinfo || PREFIXES.some((prefix) => path.startsWith(prefix));
}
