import type { FeatureParts } from '@onbehalf/authorization-server';
import { AccountChanges } from './accounts/account-changes.js';
import { LinkedAccounts } from './accounts/linked-accounts.js';
import { Linking } from './linking/linking.js';
import { ProviderClient } from './providers/provider-client.js';
import { toProvider } from './providers/to-provider.js';
import type { TokenVaultSettings } from './token-vault.schema.js';

/** What endpoints and exchange are made of. */
export class Vault {
  readonly accounts: LinkedAccounts;
  readonly changes: AccountChanges;
  readonly linking: Linking;
  readonly #clients: ReadonlyMap<string, ProviderClient>;
  readonly #parts: FeatureParts<TokenVaultSettings>;

  constructor(parts: FeatureParts<TokenVaultSettings>) {
    const { settings, clock, record } = parts;
    this.#parts = parts;
    this.#clients = new Map(settings.providers.map((each) => [each.name, new ProviderClient(toProvider(each), clock)]));
    this.accounts = new LinkedAccounts(parts);
    this.changes = new AccountChanges({ accounts: this.accounts, clientOf: this.clientOf, record });
    this.linking = new Linking({ parts, changes: this.changes, clientOf: this.clientOf });
  }

  readonly clientOf = (provider: string): ProviderClient | undefined => this.#clients.get(provider);

  get providers(): readonly ProviderClient['provider'][] {
    return [...this.#clients.values()].map(({ provider }) => provider);
  }

  /** Every scope that may be linked at a provider. */
  scopesOf(provider: string): readonly string[] {
    return this.#parts.config().resources.find(({ audience }) => audience === provider)?.scopes ?? [];
  }
}
