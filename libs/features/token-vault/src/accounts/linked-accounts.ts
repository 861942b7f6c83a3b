import type { OpenRowOf, Table } from '@onbehalf/authorization-ports';
import type { FeatureParts } from '@onbehalf/authorization-server';
import { retention, type TokenVaultSettings } from '../token-vault.schema.js';
import type { Credentials } from './credentials.js';
import type { AccountKey, AccountRow, LinkedAccountStatus } from './linked-account.js';
import { linkedAccountsTable } from './linked-accounts.table.js';

type Parts = Pick<FeatureParts<TokenVaultSettings>, 'tables' | 'clock' | 'randomId' | 'settings'>;

/** Seconds between two notes that an account was used. */
const NOTED_EVERY = 60;

/** What is stored of an account that was linked, or linked again. */
export interface NewLink extends AccountKey {
  readonly label: string;
  readonly credentials: Omit<Credentials, 'generation'>;
}

/** The linked accounts of everybody, as they are stored. */
export class LinkedAccounts {
  readonly #parts: Parts;
  readonly #rows: Table<typeof linkedAccountsTable>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#rows = parts.tables(linkedAccountsTable);
  }

  /** @throws SealBroken when the row holds what was not sealed for it */
  find(key: AccountKey): Promise<AccountRow | undefined> {
    return this.#rows.find(toKey(key));
  }

  /** Without what is sealed. */
  of({
    subject,
    life,
  }: Pick<AccountKey, 'subject' | 'life'>): Promise<readonly OpenRowOf<typeof linkedAccountsTable>[]> {
    return this.#rows.listOpen({ subject, subject_life: life });
  }

  /** Without what is sealed. */
  matching(
    query: { readonly subject?: string; readonly provider?: string; readonly status?: string; readonly id?: string },
    limit: number,
  ): Promise<readonly OpenRowOf<typeof linkedAccountsTable>[]> {
    return this.#rows.listOpen(query, limit);
  }

  /**
   * Links an account, in place of what was linked before.
   * @param before the row that is replaced, as it was read
   * @returns the new row; `undefined`, and nothing changed, when another one was faster
   */
  async link(link: NewLink, before: AccountRow | undefined): Promise<AccountRow | undefined> {
    const row = this.#toRow(link, before);
    if (!before) return (await this.#rows.insert(row)) ? row : undefined;
    const isKey = (name: string): boolean => name in toKey(link);
    const changes = Object.fromEntries(Object.entries(row).filter(([name]) => !isKey(name))) as Partial<AccountRow>;
    const { generation, refresher } = before;
    return (await this.#rows.update(toKey(link), changes, { generation, refresher })) ? row : undefined;
  }

  /** Forgets an account. @returns what it was, with the tokens that are still good at the provider */
  take(key: AccountKey): Promise<AccountRow | undefined> {
    return this.#rows.take(toKey(key));
  }

  /** Forgets an account whose row cannot be opened. */
  async drop(key: AccountKey): Promise<void> {
    await this.#rows.delete(toKey(key));
  }

  /** @returns whether nobody else refreshes it, and nobody does until then */
  async beginRefresh(row: AccountRow, refresher: string, until: number): Promise<boolean> {
    const { generation, refresher: last } = row;
    const matching = { generation, refresher: last, refresher_until: row.refresher_until };
    return this.#rows.update(keyOf(row), { refresher, refresher_until: until }, matching);
  }

  /** Stores fresh credentials. @returns false when the row has changed since it was read, or is gone */
  async refresh(row: AccountRow, credentials: Credentials): Promise<boolean> {
    const now = this.#now();
    const changes = {
      ...shown(credentials),
      status: 'active' satisfies LinkedAccountStatus,
      refreshed_at: now,
      last_error: null,
      retry_at: null,
      ...FREE,
      ends_at: now + retention(this.#parts.settings).unused,
    };
    return this.#rows.update(keyOf(row), changes, { generation: row.generation });
  }

  /** The provider could not be asked: not before `retryAt` again. */
  async postpone(row: AccountRow, refresher: string, reason: string, retryAt: number): Promise<void> {
    const changes = { last_error: reason, retry_at: Math.ceil(retryAt), ...FREE };
    await this.#rows.update(keyOf(row), changes, { generation: row.generation, refresher });
  }

  /** @returns false when the row has changed since it was read: what was learnt is not of its present credentials */
  async end(row: AccountRow, status: LinkedAccountStatus, reason: string): Promise<boolean> {
    const ends_at = this.#now() + retention(this.#parts.settings).ended;
    const changes = { status, last_error: reason, ...FREE, ends_at };
    return this.#rows.update(keyOf(row), changes, { generation: row.generation });
  }

  /** Notes that a token was handed out. */
  async noteUse(row: AccountRow): Promise<void> {
    const now = this.#now();
    if (row.used_at !== null && now - row.used_at < NOTED_EVERY) return;
    const ends_at = now + retention(this.#parts.settings).unused;
    await this.#rows.update(keyOf(row), { used_at: now, ends_at }, { id: row.id, status: 'active' });
  }

  #toRow({ subject, life, provider, label, credentials }: NewLink, before: AccountRow | undefined): AccountRow {
    const now = this.#now();
    const generation = (before?.generation ?? 0) + 1;
    const isSameAccount = before?.account === credentials.account;
    return {
      subject,
      subject_life: life,
      provider,
      id: isSameAccount ? before.id : this.#parts.randomId(),
      label,
      ...shown({ ...credentials, generation }),
      status: 'active',
      linked_at: now,
      refreshed_at: null,
      used_at: null,
      last_error: null,
      retry_at: null,
      ...FREE,
      ends_at: now + retention(this.#parts.settings).unused,
    };
  }

  #now(): number {
    return Math.floor(this.#parts.clock());
  }
}

const FREE = { refresher: null, refresher_until: null };

function toKey({ subject, life, provider }: AccountKey) {
  return { subject, subject_life: life, provider };
}

function keyOf({ subject, subject_life, provider }: AccountRow) {
  return { subject, subject_life, provider };
}

/** The columns that follow the credentials. */
function shown(credentials: Credentials) {
  const { generation, account, scopes, tokens, refreshExpiresAt } = credentials;
  return {
    account,
    scopes: scopes.join(' '),
    credentials: JSON.stringify(credentials),
    generation,
    access_expires_at: tokens[0]?.expiresAt ?? null,
    refresh_expires_at: refreshExpiresAt ?? null,
  };
}
