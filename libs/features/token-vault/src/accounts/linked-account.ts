import type { OpenRowOf, RowOf } from '@onbehalf/authorization-ports';
import type { linkedAccountsTable } from './linked-accounts.table.js';

/**
 * `active`: tokens can be had. For good, until the user links it again: `expired`, the provider has refused its refresh token;
 * `revoked`, the provider says that the consent was withdrawn; `exhausted`, nothing is left to refresh it with.
 */
export type LinkedAccountStatus = 'active' | 'expired' | 'revoked' | 'exhausted';

export type AccountRow = RowOf<typeof linkedAccountsTable>;

/** Whose account at which provider. */
export interface AccountKey {
  readonly subject: string;
  /** The life of the person's own account here. */
  readonly life: number;
  readonly provider: string;
}

/** A linked account as its holder and operators see it; times in seconds since the epoch, no token. */
export function viewOf(row: OpenRowOf<typeof linkedAccountsTable>): Readonly<Record<string, unknown>> {
  const { id, provider, label, scopes, status, linked_at, access_expires_at, refresh_expires_at } = row;
  const view = {
    id,
    provider,
    account: label,
    scopes: scopes === '' ? [] : scopes.split(' '),
    status,
    linked_at,
    access_token_expires_at: access_expires_at,
    refresh_token_expires_at: refresh_expires_at,
    refreshed_at: row.refreshed_at,
    used_at: row.used_at,
    last_error: row.last_error,
    retry_at: row.retry_at,
  };
  return Object.fromEntries(Object.entries(view).filter(([, value]) => value !== null));
}

/** As {@link viewOf}, with whose it is. */
export function operatorViewOf(row: OpenRowOf<typeof linkedAccountsTable>): Readonly<Record<string, unknown>> {
  const { subject, subject_life, account, generation, ends_at } = row;
  return { ...viewOf(row), subject, subject_life, provider_subject: account, generation, ends_at };
}
