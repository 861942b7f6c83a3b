import { errors, type Client, type ResourceServer } from 'oidc-provider';
import type { ResourceConfig, ServerConfig } from '../configuration/server-config.schema.js';

/** The registered resource servers, as the provider asks for them by resource indicator (RFC 8707). */
export class ResourceServers {
  readonly #config: ServerConfig;

  constructor(config: ServerConfig) {
    this.#config = config;
  }

  /** The resource that a client's tokens are for when the request names none. */
  defaultFor(client: Client): string | undefined {
    const { defaultResource } = this.#client(client.clientId) ?? {};
    const resource = this.#config.resources.find(({ audience }) => audience === defaultResource);
    return resource && indicatorOf(resource);
  }

  /**
   * @param indicator the value of a `resource` parameter
   * @throws InvalidTarget when no such resource is registered. RFC 8707 §2
   */
  info(indicator: string, client: Client): ResourceServer {
    const resource = this.#config.resources.find((registered) => indicatorOf(registered) === indicator);
    if (!resource) throw new errors.InvalidTarget('the resource is not known');
    const allowed = new Set(this.#client(client.clientId)?.scopes);
    return {
      audience: resource.audience,
      scope: resource.scopes.filter((scope) => allowed.has(scope)).join(' '),
      accessTokenFormat: 'jwt',
      accessTokenTTL: this.#config.lifetimes.accessToken,
      jwt: { sign: { alg: resource.signingAlgorithm } },
    };
  }

  #client(clientId: string): ServerConfig['clients'][number] | undefined {
    return this.#config.clients.find((client) => client.clientId === clientId);
  }
}

// RFC 8707 wants a URI; a resource that is registered by its audience alone gets one that nobody needs to know
function indicatorOf({ resource, audience }: ResourceConfig): string {
  return resource ?? `urn:onbehalf:audience:${encodeURIComponent(audience)}`;
}
