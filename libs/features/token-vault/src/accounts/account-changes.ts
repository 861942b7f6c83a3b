import { SealBroken } from '@onbehalf/authorization-ports';
import type { FeatureEvent } from '@onbehalf/authorization-server';
import type { ProviderClient } from '../providers/provider-client.js';
import { SECTION } from '../token-vault.schema.js';
import { openCredentials, type Credentials } from './credentials.js';
import type { AccountKey, AccountRow } from './linked-account.js';
import type { LinkedAccounts } from './linked-accounts.js';

/** Attempts to store a link while the row is refreshed by another. */
const ATTEMPTS = 5;

/** An account that the provider has named, to be linked. */
export interface FoundAccount {
  readonly label: string;
  readonly credentials: Omit<Credentials, 'generation'>;
  /** The account that its holder has agreed to replace. */
  readonly replaces?: string | undefined;
}

export interface AccountChangesOptions {
  readonly accounts: LinkedAccounts;
  readonly clientOf: (provider: string) => ProviderClient | undefined;
  readonly record: (event: FeatureEvent) => Promise<void>;
}

/** By whom a change is asked for, for the record. */
export interface ChangedBy {
  readonly clientId?: string | undefined;
  readonly operator?: string | undefined;
}

/** Links and unlinks accounts, each on record before it counts. */
export class AccountChanges {
  readonly #options: AccountChangesOptions;

  constructor(options: AccountChangesOptions) {
    this.#options = options;
  }

  /** The account that is linked now; one that cannot be opened is none. */
  async linked(key: AccountKey): Promise<{ readonly row: AccountRow; readonly credentials: Credentials } | undefined> {
    try {
      const row = await this.#options.accounts.find(key);
      return row && { row, credentials: openCredentials(row) };
    } catch (error) {
      if (error instanceof SealBroken) return undefined;
      throw error;
    }
  }

  /** @returns the new row; `undefined` when it would replace an account that nobody has agreed to replace */
  async link(key: AccountKey, found: FoundAccount, by: ChangedBy): Promise<AccountRow | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const before = await this.linked(key);
      const isOther = before !== undefined && before.row.account !== found.credentials.account;
      if (isOther && before.row.account !== found.replaces) return undefined;
      const credentials = { ...found.credentials, ...(!isOther && before && lasting(before.credentials, found)) };
      const row = await this.#options.accounts.link({ ...key, label: found.label, credentials }, before?.row);
      if (!row) {
        if (!before) await this.#dropBroken(key);
        continue;
      }
      if (isOther) await this.#revoke(key.provider, before.credentials);
      await this.#record('linked', row, by);
      return row;
    }
    return undefined;
  }

  /** @returns whether the provider says that it has ended the consent; `undefined` when no such account is linked */
  async unlink(key: AccountKey, id: string, by: ChangedBy): Promise<boolean | undefined> {
    const before = await this.linked(key);
    if (!before) return (await this.#dropBroken(key)) ? false : undefined;
    if (before.row.id !== id) return undefined;
    await this.#record('unlinked', before.row, by);
    const taken = await this.#options.accounts.take(key);
    return this.#revoke(key.provider, taken ? openCredentials(taken) : before.credentials);
  }

  /** Whoever links or unlinks an account has no use for one that cannot be opened; until then it stays, for the key may come back. */
  async #dropBroken(key: AccountKey): Promise<boolean> {
    try {
      const row = await this.#options.accounts.find(key);
      if (row) openCredentials(row);
      return false;
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      await this.#options.accounts.drop(key);
      return true;
    }
  }

  /** Ends at the provider what is not linked after all. */
  async giveUp(provider: string, { credentials }: FoundAccount): Promise<void> {
    await this.#revoke(provider, credentials);
  }

  async #revoke(provider: string, { tokens, refreshToken }: Omit<Credentials, 'generation'>): Promise<boolean> {
    const client = this.#options.clientOf(provider);
    const [token] = tokens;
    return client && token ? client.revoke({ accessToken: token.token, refreshToken }) : false;
  }

  #record(what: string, row: AccountRow, { clientId, operator }: ChangedBy): Promise<void> {
    const { subject, provider, id: linkedAccount } = row;
    const told = { subject, provider, linkedAccount, scopesGranted: row.scopes.split(' ') };
    const by = { ...(clientId !== undefined && { clientId }), ...(operator !== undefined && { operator }) };
    return this.#options.record({ type: `${SECTION}.${what}`, outcome: 'accepted', ...told, ...by });
  }
}

// some providers give a refresh token at the first consent only
function lasting({ refreshToken, refreshExpiresAt }: Credentials, { credentials }: FoundAccount): object {
  return credentials.refreshToken === undefined ? { refreshToken, refreshExpiresAt } : {};
}
