import type { IncomingMessage } from 'node:http';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { pathOf, ROUTES } from '../protocol/routes.js';
import type { ClientAddress } from './client-address.js';
import { rateKey, type RateLimit, type RateLimiter } from './rate-limiter.js';

/** Bytes of a query or a form: all that a request has to say is kept until it is answered. */
const LONGEST_REQUEST = 8 * 1024;
/** Characters of one parameter as it is written; a token may be longer. */
const LONGEST_PARAMETER = 2 * 1024;
const TOKENS = ['id_token_hint', 'request'];

/** Bounds what the server keeps for those who have not authenticated: how often an address may ask, and for how much. */
export class AuthorizationLimits {
  readonly #limiter: RateLimiter;
  readonly #limits: () => ServerConfig['rateLimits']['authorization'];
  readonly #address: ClientAddress;
  readonly #onRefused: () => void;

  constructor(
    limiter: RateLimiter,
    limits: () => ServerConfig['rateLimits']['authorization'],
    address: ClientAddress,
    onRefused: () => void = () => undefined,
  ) {
    this.#limiter = limiter;
    this.#limits = limits;
    this.#address = address;
    this.#onRefused = onRefused;
  }

  /** Counts a request. Returns the seconds to wait when it may not be made. */
  begin(request: IncomingMessage): number | undefined {
    if (!isOpenToAnybody(request)) return undefined;
    const key = rateKey('authorization', this.#address(request));
    const { window, requestsPerAddress: hits } = this.#limits();
    const limit: RateLimit = { hits, window };
    const wait = this.#limiter.wait(key, limit);
    if (wait === undefined) this.#limiter.count(key, limit);
    else this.#onRefused();
    return wait;
  }

  /** Why a request is too long to be kept; `undefined` when it is not. */
  tooLong(request: IncomingMessage): string | undefined {
    if (!isKept(request)) return undefined;
    const { url = '', headers } = request;
    const query = url.slice(pathOf(request).length + 1);
    const length = Math.max(query.length, Number(headers['content-length'] ?? 0));
    if (length > LONGEST_REQUEST) return `the request is longer than ${LONGEST_REQUEST} bytes`;
    if (headers['transfer-encoding'] !== undefined) return 'the length of the request is not told';
    const long = query.split('&').find((each) => each.length > LONGEST_PARAMETER && !TOKENS.includes(nameOf(each)));
    return long && `a parameter is longer than ${LONGEST_PARAMETER} characters`;
  }
}

/** What is asked here is kept until it is answered, or until it has expired. */
function isKept(request: IncomingMessage): boolean {
  const kept = [ROUTES.authorization, ROUTES.end_session, ROUTES.pushed_authorization_request];
  return kept.includes(pathOf(request));
}

/** Clients that authenticate are held to limits of their own; public ones, which prove nothing, may push requests, too. RFC 9126 §2 */
function isOpenToAnybody(request: IncomingMessage): boolean {
  const pushed = pathOf(request) === ROUTES.pushed_authorization_request;
  return pushed ? request.headers.authorization === undefined : isKept(request);
}

function nameOf(parameter: string): string {
  return parameter.split('=', 1)[0]!;
}
