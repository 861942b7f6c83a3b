import { Injectable } from '@nestjs/common';
import {
  allowInsecureRequests,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  type ClientAuth,
  type CustomFetch,
  type ServerMetadata,
} from 'openid-client';
import { Settings } from '../settings.js';
import { AuthorizationServerUnavailable } from './authorization-server-unavailable.js';
import { authenticateClient } from './authenticate-client.js';
import { InternalAddress } from './internal-address.js';

/** Seconds that the authorization server may take to answer. */
const TIMEOUT = 5;
/** After a failure the server is left alone for so long. Milliseconds. */
const PAUSE = 1_000;

/** The authorization server as its metadata describes it: discovered when first needed, and again after a failure. */
@Injectable()
export class AuthorizationServer {
  readonly #settings: Settings;
  readonly #address: InternalAddress;
  #configuration: Promise<Configuration> | undefined;
  #failedAt = -Infinity;
  #failure: unknown;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#address = new InternalAddress(settings.issuer, settings.authorizationServerUrl);
  }

  /**
   * What `openid-client` needs to talk to the server.
   * @throws AuthorizationServerUnavailable when its metadata cannot be had now
   */
  async configuration(): Promise<Configuration> {
    if (!this.#configuration && performance.now() - this.#failedAt < PAUSE) {
      throw new AuthorizationServerUnavailable({ cause: this.#failure });
    }
    this.#configuration ??= this.#discover();
    return this.#configuration;
  }

  /** Where the server tells its users what was done in their name; `undefined`: it does not. */
  async meEndpoint(): Promise<string | undefined> {
    const { onbehalf_me_endpoint: endpoint } = (await this.configuration()).serverMetadata();
    return typeof endpoint === 'string' ? endpoint : undefined;
  }

  /** The address at which this app reaches what everybody else reaches at `url`. */
  internal(url: string): string {
    return this.#address.toInternal(url);
  }

  /** The address at which browsers and terminals reach what this app may reach at `url`. */
  public(url: string): string {
    return this.#address.toPublic(url);
  }

  /** Drops what is known of the server, its keys included: it may have been set up anew. */
  forget(): void {
    this.#configuration = undefined;
  }

  async #discover(): Promise<Configuration> {
    const { issuer, client } = this.#settings;
    const authentication = authenticateClient(client);
    const options = {
      [customFetch]: this.fetch,
      timeout: TIMEOUT,
      execute: this.#isInsecure() ? [allowInsecureRequests] : [],
    };
    try {
      const found = await discovery(new URL(issuer), client.clientId, undefined, authentication, options);
      return this.#configure(found.serverMetadata(), authentication);
    } catch (error) {
      this.#configuration = undefined;
      this.#failedAt = performance.now();
      this.#failure = error;
      throw new AuthorizationServerUnavailable({ cause: error });
    }
  }

  #configure(found: ServerMetadata, authentication: ClientAuth): Configuration {
    const { client, jwksUri, tokenEndpoint } = this.#settings;
    const configuration = new Configuration(
      {
        ...this.#publicEndpoints(found),
        ...(jwksUri !== undefined && { jwks_uri: jwksUri }),
        ...(tokenEndpoint !== undefined && { token_endpoint: tokenEndpoint }),
      },
      client.clientId,
      undefined,
      authentication,
    );
    configuration[customFetch] = this.fetch;
    configuration.timeout = TIMEOUT;
    if (this.#isInsecure()) allowInsecureRequests(configuration);
    // the ID token's signature too, not only where it came from
    enableNonRepudiationChecks(configuration);
    return configuration;
  }

  #publicEndpoints(found: ServerMetadata): ServerMetadata {
    const isEndpoint = (name: string) => name.endsWith('_endpoint') || name === 'jwks_uri';
    const entries = Object.entries(found).map(([name, value]) =>
      isEndpoint(name) && typeof value === 'string' ? [name, this.#address.toPublic(value)] : [name, value],
    );
    return { ...(Object.fromEntries(entries) as ServerMetadata), issuer: found.issuer };
  }

  /** Fetches from the server at the address where this app reaches it; from others as ever. */
  readonly fetch: CustomFetch = (url, options) => fetch(this.#address.toInternal(url), options as RequestInit);

  /** The demo has no TLS; whoever gives an http address has decided it. */
  #isInsecure(): boolean {
    const { issuer, jwksUri, tokenEndpoint } = this.#settings;
    return [issuer, jwksUri, tokenEndpoint].some((url) => url?.startsWith('http:'));
  }
}
