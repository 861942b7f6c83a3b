import { setTimeout as pause } from 'node:timers/promises';
import type { FeatureEvent } from '@onbehalf/authorization-server';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { ProviderClient } from '../providers/provider-client.js';
import { BACK_OFF, ProviderRefused, ProviderUnavailable } from '../providers/provider-errors.js';
import type { Ended } from '../providers/provider-profile.js';
import type { ProviderTokens } from '../providers/provider.js';
import { SECTION } from '../token-vault.schema.js';
import { isSame, narrowed, refreshed, renewed, type Credentials } from './credentials.js';
import type { AccountRow } from './linked-account.js';
import type { LinkedAccounts } from './linked-accounts.js';

/** Attempts to store what a provider has given, and milliseconds between two: a refresh token that rotates exists nowhere else. */
const ATTEMPTS = 20;
const BETWEEN = 250;

/** The provider gives no token for fewer scopes than the account has. */
export class NotNarrowed extends Error {
  constructor(readonly provider: string) {
    super(`${provider} does not narrow`);
    this.name = 'NotNarrowed';
  }
}

export interface RefreshOptions {
  readonly accounts: LinkedAccounts;
  readonly clientOf: (provider: string) => ProviderClient | undefined;
  readonly clock: Clock;
  readonly record: (event: FeatureEvent) => Promise<void>;
  /** Counts an attempt by how it went. */
  readonly count: (outcome: 'refreshed' | 'ended' | 'postponed') => void;
}

/** One refresh of one account by whoever has begun it, to its end: whatever the provider answers is stored. */
export class Refresh {
  readonly #options: RefreshOptions;

  constructor(options: RefreshOptions) {
    this.#options = options;
  }

  /**
   * @param row with the mark that this caller refreshes it
   * @param scopes all of the account, or fewer
   * @throws NotNarrowed when the provider gives none for fewer; what it has given is stored all the same
   */
  async run(row: AccountRow, credentials: Credentials, scopes: readonly string[]): Promise<void> {
    const client = this.#options.clientOf(row.provider);
    if (!client) return;
    const isWhole = isSame(scopes, credentials.scopes);
    let tokens: ProviderTokens;
    try {
      tokens = await ask(client, credentials.refreshToken!, row.account, isWhole ? undefined : scopes);
    } catch (error) {
      return this.#failed(row, error, isWhole);
    }
    const { identityScopes } = client.provider.profile;
    const given = (tokens.scopes ?? scopes).filter(
      (scope) => scopes.includes(scope) || !identityScopes.includes(scope),
    );
    const isNarrow = isWhole || isSame(given, scopes);
    const after = isWhole
      ? refreshed({ ...credentials, scopes: kept(credentials, given) }, tokens, kept(credentials, given))
      : isNarrow
        ? narrowed(credentials, tokens, scopes, this.#options.clock())
        : renewed(credentials, tokens);
    await this.#store(row, after, client);
    if (!isNarrow) throw new NotNarrowed(row.provider);
  }

  /** Until it is stored, or the row is another's. */
  async #store(row: AccountRow, credentials: Credentials, client: ProviderClient): Promise<void> {
    const { accounts, count } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const isStored = await accounts.refresh(row, credentials);
        if (isStored) return count('refreshed');
        return await this.#dropUnlinked(row, credentials, client);
      } catch (error) {
        if (attempt >= ATTEMPTS) throw error;
        await pause(BETWEEN);
      }
    }
  }

  // what was unlinked meanwhile must not go on at the provider; what was linked anew, or refreshed by another, does
  async #dropUnlinked(row: AccountRow, { tokens, refreshToken }: Credentials, client: ProviderClient): Promise<void> {
    const { subject, subject_life: life, provider } = row;
    if (await this.#options.accounts.find({ subject, life, provider })) return;
    await client.revoke({ accessToken: tokens[0]!.token, refreshToken });
  }

  async #failed(row: AccountRow, error: unknown, isWhole: boolean): Promise<void> {
    const { accounts, clock, count } = this.#options;
    if (error instanceof ProviderRefused && error.ended) return this.#end(row, error.ended, error.code);
    const isScope = error instanceof ProviderRefused && error.code === 'invalid_scope' && !isWhole;
    const retryAfter = error instanceof ProviderUnavailable ? error.retryAfter : BACK_OFF;
    const reason = error instanceof ProviderRefused ? error.code : 'unavailable';
    await accounts.postpone(row, row.refresher!, reason, isScope ? 0 : clock() + retryAfter);
    if (isScope) throw new NotNarrowed(row.provider);
    count('postponed');
    if (!(error instanceof ProviderRefused || error instanceof ProviderUnavailable)) throw error;
  }

  async #end(row: AccountRow, status: Ended, reason: string): Promise<void> {
    if (!(await this.#options.accounts.end(row, status, reason))) return;
    this.#options.count('ended');
    const { subject, provider, id: linkedAccount } = row;
    const told = { subject, provider, linkedAccount, linkedAccountStatus: status, reason };
    await this.#options.record({ type: `${SECTION}.ended`, outcome: 'accepted', ...told });
  }
}

/** A request that was cut off may have used up a refresh token that rotates: it is repeated only where none does. */
async function ask(
  client: ProviderClient,
  ...request: readonly [string, string, (readonly string[])?]
): Promise<ProviderTokens> {
  try {
    return await client.refresh(...request);
  } catch (error) {
    const isCutOff = error instanceof ProviderUnavailable && !error.isAnswer;
    if (!isCutOff || client.provider.profile.rotates) throw error;
    return client.refresh(...request);
  }
}

/** A provider that gives less than before has taken something back; what it gives beyond is not handed out. */
function kept(credentials: Credentials, given: readonly string[]): readonly string[] {
  const still = credentials.scopes.filter((scope) => given.includes(scope));
  return still.length > 0 ? still : credentials.scopes;
}
