import { normalizeUri } from '@onbehalf/oauth-protocol';
import type { ClientRegistration, Edge, ExchangePolicy, ResourceRegistration } from './policy.js';

/** A policy written down as data. */
export interface PolicyRegistrations {
  readonly clients: readonly ClientRegistration[];
  readonly resources: readonly ResourceRegistration[];
  readonly edges: readonly Edge[];
}

/** The policy of a fixed set of registrations. */
export class RegisteredPolicy implements ExchangePolicy {
  readonly #clients: ReadonlyMap<string, ClientRegistration>;
  readonly #resources: ReadonlyMap<string, ResourceRegistration>;
  readonly #edgesByClient: ReadonlyMap<string, readonly Edge[]>;

  constructor({ clients, resources, edges }: PolicyRegistrations) {
    this.#clients = new Map(clients.map((client) => [client.clientId, client]));
    this.#resources = new Map(resources.flatMap((resource) => names(resource).map((name) => [name, resource])));
    this.#edgesByClient = Map.groupBy(edges, ({ client }) => client);
  }

  /** The client that is registered under this id. */
  client(clientId: string): ClientRegistration | undefined {
    return this.#clients.get(clientId);
  }

  resource(nameOrUri: string): ResourceRegistration | undefined {
    return this.#resources.get(nameOrUri) ?? this.#resources.get(normalizeUri(nameOrUri));
  }

  edges(clientId: string, subjectAudiences: readonly string[], target: string): readonly Edge[] {
    return this.#edgesOf(clientId, target).filter(
      ({ mode, subjectAudience = '' }) => mode !== 'administrative' && subjectAudiences.includes(subjectAudience),
    );
  }

  administrativeEdges(clientId: string, target: string): readonly Edge[] {
    return this.#edgesOf(clientId, target).filter(({ mode }) => mode === 'administrative');
  }

  #edgesOf(clientId: string, target: string): readonly Edge[] {
    return (this.#edgesByClient.get(clientId) ?? []).filter((edge) => edge.target === target);
  }
}

function names({ audience, resource }: ResourceRegistration): readonly string[] {
  return resource === undefined ? [audience] : [audience, normalizeUri(resource)];
}
