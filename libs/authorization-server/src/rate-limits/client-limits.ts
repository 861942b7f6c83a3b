import type { IncomingMessage } from 'node:http';
import type { ServerConfig } from '../configuration/server-config.schema.js';
import type { ClientAddress } from './client-address.js';
import type { RateKey, RateLimit, RateLimiter } from './rate-limiter.js';

/** No client has a longer name. */
const LONGEST_NAME = 200;

interface Caller {
  readonly address: string;
  readonly client: string | undefined;
}

type Limited = readonly [RateKey, RateLimit];

/**
 * Bounds what clients ask and how often they fail to authenticate, by address and by client at an address. A client counts
 * as itself when it names itself in the Authorization header.
 */
export class ClientLimits {
  readonly #limiter: RateLimiter;
  readonly #limits: ServerConfig['rateLimits']['token'];
  readonly #address: ClientAddress;
  readonly #onRefused: () => void;

  constructor(
    limiter: RateLimiter,
    limits: ServerConfig['rateLimits']['token'],
    address: ClientAddress,
    onRefused: () => void = () => undefined,
  ) {
    this.#onRefused = onRefused;
    this.#limiter = limiter;
    this.#limits = limits;
    this.#address = address;
  }

  /** Counts a request. Returns the seconds to wait when it may not be made. */
  begin(request: IncomingMessage): number | undefined {
    const caller = this.#caller(request);
    const requests = this.#requests(caller);
    const limits = [...requests, ...this.#failures(caller)];
    const waits = limits.flatMap(([key, limit]) => this.#limiter.wait(key, limit) ?? []);
    if (waits.length > 0) {
      this.#onRefused();
      return Math.max(...waits);
    }
    for (const [key, limit] of requests) this.#limiter.count(key, limit);
    return undefined;
  }

  /** Counts a request that did not authenticate. */
  failed(request: IncomingMessage): void {
    for (const [key, limit] of this.#failures(this.#caller(request))) this.#limiter.count(key, limit);
  }

  #caller(request: IncomingMessage): Caller {
    return { address: this.#address(request), client: namedClient(request) };
  }

  #requests(caller: Caller): Limited[] {
    const { requestsPerAddress, requestsPerClient } = this.#limits;
    return this.#limited('requests', caller, requestsPerAddress, requestsPerClient);
  }

  #failures(caller: Caller): Limited[] {
    const { failuresPerAddress, failuresPerClient } = this.#limits;
    return this.#limited('failures', caller, failuresPerAddress, failuresPerClient);
  }

  #limited(what: string, { address, client }: Caller, perAddress: number, perClient: number): Limited[] {
    const { window } = this.#limits;
    const byAddress: Limited = [[what, address], { hits: perAddress, window }];
    return client === undefined ? [byAddress] : [byAddress, [[what, address, client], { hits: perClient, window }]];
  }
}

/** Whom the caller says to be; nothing is proven yet. RFC 6749 §2.3.1 */
function namedClient({ headers }: IncomingMessage): string | undefined {
  const [, credentials] = /^Basic +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (credentials === undefined) return undefined;
  const [clientId] = Buffer.from(credentials, 'base64').toString().split(':', 1);
  return clientId?.slice(0, LONGEST_NAME);
}
