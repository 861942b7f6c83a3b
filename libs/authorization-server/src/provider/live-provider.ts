import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The provider of the moment behind a stable handle. What a provider is made of is fixed at its construction, its keys
 * above all, so a change takes a fresh one; a request that is under way ends on the one that it began with. All state is
 * in the adapter, which both share.
 */
export class LiveProvider {
  readonly #create: () => Provider;
  #provider: Provider;
  #handle: Handle;

  constructor(create: () => Provider) {
    this.#create = create;
    this.#provider = create();
    this.#handle = this.#provider.callback();
  }

  /** The provider as of now; do not keep it. */
  get current(): Provider {
    return this.#provider;
  }

  /** Lets the provider of the moment answer. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.#handle(request, response);
  }

  /** Puts a fresh provider in place. When it cannot be made, the one before stays. */
  renew(): void {
    const provider = this.#create();
    this.#handle = provider.callback();
    this.#provider = provider;
  }
}
