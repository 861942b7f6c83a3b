import { entitledScopes, RegisteredPolicy, type ExchangePolicy, type Holder } from '@onbehalf/token-exchange';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { toPolicyRegistrations } from './exchange-policy.js';

/** What subjects may hold at resources now, whatever their tokens say. */
export class Entitlements {
  readonly #policy: ExchangePolicy;
  readonly #accounts: { find(subject: string): Holder['account'] };

  constructor(config: ServerConfig, accounts: { find(subject: string): Holder['account'] }) {
    this.#policy = new RegisteredPolicy(toPolicyRegistrations(config));
    this.#accounts = accounts;
  }

  /**
   * Those of these scopes that the subject of a token is still entitled to at one of its resources.
   * @param resources as they are named by the token: audiences or URIs
   */
  left(subject: string, resources: readonly string[], scopes: readonly string[]): readonly string[] {
    const account = this.#accounts.find(subject);
    const holder: Holder = account ? { account } : { client: this.#policy.client(subject) };
    const left = new Set(
      resources.flatMap((name) => {
        const resource = this.#policy.resource(name);
        if (!resource) return [];
        const known = scopes.filter((scope) => resource.scopes.includes(scope));
        return entitledScopes(known, resource, holder);
      }),
    );
    return scopes.filter((scope) => left.has(scope));
  }
}
