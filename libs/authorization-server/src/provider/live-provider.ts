import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { Handle } from '../protocol/answer.js';

/** A provider, and what answers requests with it. */
export interface AnsweringProvider {
  readonly provider: Provider;
  readonly handle: Handle;
}

/**
 * The provider of the moment behind a stable handle. What a provider is made of is fixed at its construction, its keys
 * above all, so a change takes a fresh one; a request that is under way ends on the one that it began with. All state is
 * in the adapter, which both share.
 */
export class LiveProvider {
  readonly #create: () => AnsweringProvider;
  readonly #unsubscribe: (() => void)[] = [];
  #live: AnsweringProvider;

  constructor(create: () => AnsweringProvider) {
    this.#create = create;
    this.#live = create();
  }

  /** The provider as of now; do not keep it. */
  get current(): Provider {
    return this.#live.provider;
  }

  /** Lets the provider of the moment answer. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.#live.handle(request, response);
  }

  /**
   * Puts a fresh provider in place at each change that is told, until the server stops.
   * @param subscribe returns what ends it
   */
  renewOn(subscribe: (listener: () => void) => () => void): void {
    this.#unsubscribe.push(subscribe(() => this.renew()));
  }

  onApplicationShutdown(): void {
    for (const end of this.#unsubscribe) end();
  }

  /** Puts a fresh provider in place. When it cannot be made, the one before stays. */
  renew(): void {
    this.#live = this.#create();
  }
}
