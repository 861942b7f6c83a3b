import type { IncomingMessage } from 'node:http';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { namedClient } from '../protocol/named-client.js';
import type { ClientAddress } from './client-address.js';
import { rateKey, type RateKey, type RateLimit, type RateLimiter } from './rate-limiter.js';

/** Callers whose limits are remembered at the most. */
const CALLERS = 1000;

type Limited = readonly [RateKey, RateLimit];

/** What a caller is held to. */
interface CallerLimits {
  readonly requests: readonly Limited[];
  readonly failures: readonly Limited[];
}

/**
 * Bounds what clients ask and how often they fail to authenticate, by address and by client at an address. A client counts
 * as itself when it names itself in the Authorization header.
 */
export class ClientLimits {
  readonly #limiter: RateLimiter;
  readonly #limits: () => ServerConfig['rateLimits']['token'];
  #inForce: ServerConfig['rateLimits']['token'];
  readonly #address: ClientAddress;
  readonly #onRefused: () => void;
  readonly #known = new Map<string, CallerLimits>();

  constructor(
    limiter: RateLimiter,
    limits: () => ServerConfig['rateLimits']['token'],
    address: ClientAddress,
    onRefused: () => void = () => undefined,
  ) {
    this.#onRefused = onRefused;
    this.#limiter = limiter;
    this.#limits = limits;
    this.#inForce = limits();
    this.#address = address;
  }

  /** Counts a request. Returns the seconds to wait when it may not be made. */
  begin(request: IncomingMessage): number | undefined {
    const { requests, failures } = this.#limitsOf(request);
    const wait = Math.max(this.#wait(requests), this.#wait(failures));
    if (wait > 0) {
      this.#onRefused();
      return wait;
    }
    for (const [key, limit] of requests) this.#limiter.count(key, limit);
    return undefined;
  }

  /** Counts a request that did not authenticate. */
  failed(request: IncomingMessage): void {
    for (const [key, limit] of this.#limitsOf(request).failures) this.#limiter.count(key, limit);
  }

  /** Seconds; 0 when there is none. */
  #wait(limits: readonly Limited[]): number {
    let longest = 0;
    for (const [key, limit] of limits) longest = Math.max(longest, this.#limiter.wait(key, limit) ?? 0);
    return longest;
  }

  #limitsOf(request: IncomingMessage): CallerLimits {
    const [address, client] = [this.#address(request), namedClient(request)];
    // no address has a space
    const caller = client === undefined ? address : `${address} ${client}`;
    const known = this.#known.get(caller);
    const inForce = this.#limits();
    if (known && this.#inForce === inForce) return known;
    if (this.#known.size >= CALLERS || this.#inForce !== inForce) this.#known.clear();
    this.#inForce = inForce;
    const { requestsPerAddress, requestsPerClient, failuresPerAddress, failuresPerClient } = inForce;
    const limits = {
      requests: this.#limited('requests', address, client, requestsPerAddress, requestsPerClient),
      failures: this.#limited('failures', address, client, failuresPerAddress, failuresPerClient),
    };
    this.#known.set(caller, limits);
    return limits;
  }

  #limited(
    what: string,
    address: string,
    client: string | undefined,
    perAddress: number,
    perClient: number,
  ): readonly Limited[] {
    const { window } = this.#inForce;
    const byAddress: Limited = [rateKey(what, address), { hits: perAddress, window }];
    return client === undefined
      ? [byAddress]
      : [byAddress, [rateKey(what, address, client), { hits: perClient, window }]];
  }
}
