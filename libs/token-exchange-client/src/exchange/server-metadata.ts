import {
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
  type AuthorizationServer,
} from 'oauth4webapi';
import { fetchedUrl } from '@onbehalf/oauth-protocol';
import { printable } from '../tokens/printable.js';
import { ExchangeUnavailable } from '../tokens/exchange-errors.js';
import { OutageLog } from './outage-log.js';
import { ConnectionFailure, type Transport } from './token-endpoint-transport.js';

/** Where the server's addresses come from. */
export interface ServerMetadata {
  /** @throws ExchangeUnavailable `discovery` */
  get(signal: AbortSignal): Promise<AuthorizationServer>;
  /** Why it cannot be had at present. */
  readonly cause?: string | undefined;
}

/** Addresses that are given, not discovered. */
export class GivenMetadata implements ServerMetadata {
  readonly #server: AuthorizationServer;

  constructor(issuer: string, tokenEndpoint: string) {
    this.#server = { issuer, token_endpoint: tokenEndpoint };
  }

  get(): Promise<AuthorizationServer> {
    return Promise.resolve(this.#server);
  }
}

export interface DiscoveryOptions {
  readonly issuer: string;
  readonly transport: Transport;
  readonly allowInsecureHttp?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds on a clock that is never set. */
  readonly monotonic: () => number;
}

/** Milliseconds after which metadata is fetched again; until that succeeds, the old one stays in use. */
const FRESH = 60 * 60 * 1000;
/** Milliseconds between attempts after a failure. */
const BACK_OFF = 1000;

/** Addresses from the issuer's metadata document. RFC 8414 §3, OpenID Connect Discovery §4. */
export class DiscoveredMetadata implements ServerMetadata {
  readonly #options: DiscoveryOptions;
  readonly #outages: OutageLog;
  #known: AuthorizationServer | undefined;
  #nextAttempt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#outages = new OutageLog(`The metadata of ${options.issuer}`);
  }

  get cause(): string | undefined {
    return this.#outages.cause;
  }

  async get(signal: AbortSignal): Promise<AuthorizationServer> {
    if (this.#running || this.#options.monotonic() >= this.#nextAttempt) {
      this.#running ??= this.#refresh().finally(() => (this.#running = undefined));
      if (!this.#known) await untilAborted(this.#running, signal);
    }
    if (this.#known) return this.#known;
    const cause = this.cause === undefined ? '' : `: ${this.cause}`;
    throw new ExchangeUnavailable('discovery', `The metadata of ${this.#options.issuer} is unavailable${cause}`, 1);
  }

  async #refresh(): Promise<void> {
    try {
      this.#known = await this.#fetch();
      this.#nextAttempt = this.#options.monotonic() + FRESH;
      this.#outages.works();
    } catch (error) {
      this.#outages.failed(this.#causeOf(error), 'discovery');
      this.#nextAttempt = this.#options.monotonic() + BACK_OFF;
    }
  }

  async #read(issuer: URL, answer: Response): Promise<AuthorizationServer> {
    const claimed: unknown = await answer
      .clone()
      .json()
      .catch(() => undefined);
    if (typeof claimed !== 'object' || claimed === null) throw new TypeError('it is not a JSON object');
    const { issuer: other } = claimed as { readonly issuer?: unknown };
    // RFC 8414 §3.3
    if (typeof other === 'string' && other !== issuer.href && other !== this.#options.issuer) {
      throw new TypeError(`it is that of another issuer, ${printable(other)}`);
    }
    return processDiscoveryResponse(issuer, answer);
  }

  #causeOf(error: unknown): string {
    if (error instanceof ConnectionFailure) return `it cannot be reached (${error.code})`;
    if (error instanceof Error && error.name === 'TimeoutError') return `no answer in ${this.#options.timeout} ms`;
    return (error instanceof Error ? printable(error.message) : undefined) ?? 'it is not usable';
  }

  // RFC 8414 §5: the OpenID Connect document first, which most servers have, then the OAuth one
  async #fetch(): Promise<AuthorizationServer> {
    const issuer = new URL(this.#options.issuer);
    const options = {
      [allowInsecureRequests]: true,
      [customFetch]: this.#options.transport,
      signal: () => AbortSignal.timeout(this.#options.timeout),
    };
    const openId = await discoveryRequest(issuer, { ...options, algorithm: 'oidc' });
    const answer = openId.status === 404 ? await discoveryRequest(issuer, { ...options, algorithm: 'oauth2' }) : openId;
    if (answer.status !== 200) throw new TypeError(`it is answered with ${answer.status}`);
    const server = await this.#read(issuer, answer);
    if (server.token_endpoint === undefined) throw new TypeError('token_endpoint is missing');
    for (const endpoint of [server.token_endpoint, server.mtls_endpoint_aliases?.token_endpoint]) {
      if (endpoint !== undefined) fetchedUrl('token_endpoint', endpoint, this.#options.allowInsecureHttp);
    }
    return server;
  }
}

/** Waits for `work`, but no longer than until the signal aborts; the work goes on. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
