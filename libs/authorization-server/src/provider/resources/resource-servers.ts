import { entitledScopes, type ClientRegistration, type ResourceRegistration } from '@onbehalf/token-exchange';
import { normalizeUri } from '@onbehalf/oauth-protocol';
import { errors, type Client, type ResourceServer } from 'oidc-provider';
import type { Account } from '../../accounts/accounts.js';
import { AUDIENCE_URN, type ServerConfig } from '../../configuration/schema/server-config.schema.js';
import { toPolicyRegistrations } from '../../policy/exchange-policy.js';

/** The registered resource servers, as the provider asks for them by resource indicator (RFC 8707). */
export class ResourceServers {
  readonly #config: ServerConfig;
  readonly #clients: ReadonlyMap<string, ClientRegistration>;
  readonly #resources: ReadonlyMap<string, ResourceRegistration>;
  readonly #spellings: ReadonlyMap<string, string>;

  constructor(config: ServerConfig) {
    const { clients, resources } = toPolicyRegistrations(config);
    this.#config = config;
    this.#clients = new Map(clients.map((client) => [client.clientId, client]));
    this.#resources = new Map(resources.map((resource) => [indicatorOf(resource), resource]));
    this.#spellings = new Map(
      resources.flatMap((resource) =>
        [resource, { audience: resource.audience }].map((named) => [
          normalizeUri(indicatorOf(named)),
          indicatorOf(resource),
        ]),
      ),
    );
  }

  /** The indicator of the resource that is meant, however its URI is spelled; what is unknown stays as it is. RFC 3986 §6.2.3 */
  spell(indicator: string): string {
    return this.#spellings.get(normalizeUri(indicator)) ?? indicator;
  }

  /** The resource that a client's tokens are for when the request names none. */
  defaultFor({ clientId }: Client): string | undefined {
    const { defaultResource } = this.#config.clients.find((client) => client.clientId === clientId) ?? {};
    return [...this.#resources].find(([, { audience }]) => audience === defaultResource)?.[0];
  }

  /**
   * A resource, with the scopes that the client may have there directly and the user is entitled to.
   * @param indicator the value of a `resource` parameter
   * @param account the user, when the token is for one and it is known who it is
   * @throws InvalidTarget when the resource is not registered, or not for this client. RFC 8707 §2
   */
  info(indicator: string, { clientId }: Client, account?: Account): ResourceServer {
    const resource = this.#resources.get(indicator);
    const scopes = resource && this.#scopes(resource, clientId, account);
    // whoever may not have tokens for a resource need not learn that there is one
    if (!scopes) throw new errors.InvalidTarget('the client may not have tokens for this resource');
    return {
      audience: resource.audience,
      scope: scopes.join(' '),
      accessTokenFormat: 'jwt',
      accessTokenTTL: this.#config.lifetimes.accessToken,
      jwt: { sign: { alg: resource.signingAlgorithm } },
    };
  }

  /** What {@link info} tells, none for a resource that is not for this client. */
  scopesAt(indicator: string, { clientId }: Client, account: Account | undefined): string[] {
    const resource = this.#resources.get(indicator);
    return [...((resource && this.#scopes(resource, clientId, account)) ?? [])];
  }

  /** What `typ` says of access tokens for an audience. RFC 9068 §2.1 */
  typeOf(audience: string): 'at+jwt' | 'jwt' {
    return this.#config.resources.find((resource) => resource.audience === audience)?.typ ?? 'at+jwt';
  }

  #scopes(
    resource: ResourceRegistration,
    clientId: string,
    account: Account | undefined,
  ): readonly string[] | undefined {
    const { asItself = [], asUser = [] } = this.#clients.get(clientId) ?? {};
    const access = [...asUser, ...asItself].find(({ audience }) => audience === resource.audience);
    return access && (account ? entitledScopes(access.scopes, resource, { account }) : access.scopes);
  }
}

/** RFC 8707 wants a URI; a resource that is known by its audience alone gets one that nobody needs to know. */
export function indicatorOf({ resource, audience }: Pick<ResourceRegistration, 'resource' | 'audience'>): string {
  return resource ?? AUDIENCE_URN + encodeURIComponent(audience);
}
