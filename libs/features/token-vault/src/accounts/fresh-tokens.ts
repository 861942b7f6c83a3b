import { setTimeout as pause } from 'node:timers/promises';
import { SealBroken } from '@onbehalf/authorization-ports';
import { Lane, LaneFull } from '@onbehalf/authorization-server';
import type { Clock } from '@onbehalf/oauth-protocol';
import { ProviderUnavailable } from '../providers/provider-errors.js';
import type { Provider } from '../providers/provider.js';
import { openCredentials, isSame, type AccessToken, type Credentials } from './credentials.js';
import type { AccountKey, AccountRow } from './linked-account.js';
import type { LinkedAccounts } from './linked-accounts.js';
import type { Refresh } from './refresh.js';

/** Seconds that a token that is handed out has left, unless the provider cannot be asked for another one. */
export const FRESH = 60;

/** Seconds that a replica has for one refresh before another one tries: more than the provider and the store get together. */
export const REFRESH_TIME = 20;

/** Milliseconds that a caller waits for a refresh at most, and between two looks at what another replica does. */
const LONGEST_WAIT = 8000;
const LOOK_AGAIN = 100;

/** Refreshes at a time in this process, and those that wait. */
const LANE = { width: 32, waiting: 1000 };

/** Why the user has to come: there is no account, it has ended, or it is for less than is asked for. */
export class InteractionNeeded extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'InteractionNeeded';
  }
}

/** A token of a linked account, to be handed out. */
export interface FreshToken extends AccessToken {
  readonly row: AccountRow;
}

export interface FreshTokensOptions {
  readonly accounts: LinkedAccounts;
  readonly refresh: Refresh;
  readonly clock: Clock;
  readonly randomId: () => string;
}

/**
 * Tokens that are good for a while: refreshed when they are about to end, by one caller in this process and by one process of all
 * replicas, while the others wait and read again.
 */
export class FreshTokens {
  readonly #options: FreshTokensOptions;
  readonly #lane = new Lane(LANE);
  readonly #flights = new Map<string, Promise<void>>();

  constructor(options: FreshTokensOptions) {
    this.#options = options;
  }

  /**
   * @param choose for which of the scopes that the account has a token is wanted
   * @throws InteractionNeeded
   * @throws ProviderUnavailable
   */
  async find(
    key: AccountKey,
    provider: Provider,
    choose: (linked: readonly string[]) => readonly string[],
  ): Promise<FreshToken> {
    const deadline = performance.now() + LONGEST_WAIT;
    for (;;) {
      const { row, credentials } = await this.#read(key);
      const scopes = choose(credentials.scopes);
      const held = credentials.tokens.find((token) => isSame(token.scopes, scopes));
      const left = secondsLeft(held, this.#options.clock());
      if (held && left >= FRESH) return { ...held, row };
      const last = held && left > 0 ? { ...held, row } : undefined;
      const waiting = await this.#attempt(key, { row, credentials, provider, scopes, last });
      if (waiting !== 'again') return waiting;
      if (performance.now() < deadline) continue;
      if (last) return last;
      throw new ProviderUnavailable(provider.name, 'a refresh takes too long', { retryAfter: 1 });
    }
  }

  async #read(key: AccountKey): Promise<{ readonly row: AccountRow; readonly credentials: Credentials }> {
    try {
      const row = await this.#options.accounts.find(key);
      if (!row) throw new InteractionNeeded('no account is linked');
      if (row.status !== 'active') throw new InteractionNeeded(`the linked account is ${row.status}`);
      return { row, credentials: openCredentials(row) };
    } catch (error) {
      if (error instanceof SealBroken)
        throw new InteractionNeeded('the linked account was changed or moved in the store');
      throw error;
    }
  }

  /** @returns the last token of the account, where there is no other; `again`: read it again */
  async #attempt(key: AccountKey, wanted: Wanted): Promise<FreshToken | 'again'> {
    const { row, credentials, provider, last } = wanted;
    const now = this.#options.clock();
    if (credentials.refreshToken === undefined || now >= (credentials.refreshExpiresAt ?? Infinity)) {
      if (last) return last;
      await this.#options.accounts.end(row, 'exhausted', 'nothing_to_refresh_with');
      return 'again';
    }
    if ((row.retry_at ?? 0) > now) {
      if (last) return last;
      const reason = row.last_error ?? 'it was not reached before';
      const retryAfter = Math.max(1, Math.ceil(row.retry_at! - now));
      throw new ProviderUnavailable(provider.name, reason, { retryAfter });
    }
    const name = JSON.stringify([key.subject, key.life, key.provider]);
    const flight = this.#flights.get(name);
    if (flight) await Promise.race([flight, pause(LONGEST_WAIT, undefined, { ref: false })]);
    else if ((row.refresher_until ?? 0) > now) await pause(LOOK_AGAIN);
    else await this.#fly(name, wanted);
    return 'again';
  }

  async #fly(name: string, wanted: Wanted): Promise<void> {
    const flight = this.#lane.run(() => this.#refresh(wanted)).finally(() => this.#flights.delete(name));
    this.#flights.set(
      name,
      flight.catch(() => undefined),
    );
    try {
      await flight;
    } catch (error) {
      if (error instanceof LaneFull && wanted.last) return;
      throw error instanceof LaneFull
        ? new ProviderUnavailable(wanted.provider.name, error.message, { retryAfter: error.retryAfter })
        : error;
    }
  }

  async #refresh({ row, credentials, scopes }: Wanted): Promise<void> {
    const { accounts, clock, randomId, refresh } = this.#options;
    const refresher = randomId();
    const until = Math.ceil(clock() + REFRESH_TIME);
    if (!(await accounts.beginRefresh(row, refresher, until))) return;
    const begun = { ...row, refresher, refresher_until: until };
    await refresh.run(begun, credentials, scopes);
  }
}

interface Wanted {
  readonly row: AccountRow;
  readonly credentials: Credentials;
  readonly provider: Provider;
  readonly scopes: readonly string[];
  /** A token that is still good, for less than is wished. */
  readonly last: FreshToken | undefined;
}

function secondsLeft(token: AccessToken | undefined, now: number): number {
  return token ? (token.expiresAt ?? Infinity) - now : 0;
}
