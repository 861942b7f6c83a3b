import type { Account, Accounts } from '../accounts/accounts.js';
import { Lane, LaneFull } from '../accounts/lane.js';
import type { LoginLimits } from '../rate-limits/login-limits.js';

/** What came of an attempt to sign in; `wait` is in seconds. */
export type SignInOutcome =
  | { readonly account: Account }
  | { readonly refused: 'wrong password' }
  | { readonly refused: 'too many attempts' | 'busy'; readonly wait: number };

/**
 * To hash a password takes a core for a fifth of a second, and one of the threads that tokens are signed on. One at a time, and
 * nobody waits longer than browsers do.
 */
const HASHING = { width: 1, waiting: 20 };

const BUSY = { refused: 'busy', wait: new LaneFull().retryAfter } as const;

/** Looks at passwords: each attempt is counted before, one that is right is given back, and few are looked at together. */
export class SignIn {
  readonly #accounts: Pick<Accounts, 'authenticate'>;
  readonly #limits: LoginLimits;
  readonly #lane = new Lane(HASHING);

  constructor(accounts: Pick<Accounts, 'authenticate'>, limits: LoginLimits) {
    this.#accounts = accounts;
    this.#limits = limits;
  }

  /** The outcome of whatever is attempted now, when too many wait already. */
  get busy(): typeof BUSY | undefined {
    return this.#lane.isFull ? BUSY : undefined;
  }

  /** @param isWanted whether somebody still waits for the outcome when its turn comes */
  async attempt(
    address: string,
    username: string,
    password: string,
    isWanted: () => boolean,
  ): Promise<SignInOutcome | undefined> {
    const wait = await this.#limits.wait(address, username);
    if (wait !== undefined) return { refused: 'too many attempts', wait };
    try {
      return await this.#lane.run(() =>
        isWanted() ? this.#look(address, username, password) : Promise.resolve(undefined),
      );
    } catch (error) {
      if (error instanceof LaneFull) return BUSY;
      throw error;
    }
  }

  // counted at its turn: those that are right give back what those behind them need
  async #look(address: string, username: string, password: string): Promise<SignInOutcome> {
    const wait = await this.#limits.attempt(address, username);
    if (wait !== undefined) return { refused: 'too many attempts', wait };
    const account = await this.#accounts.authenticate(username, password);
    if (!account) return { refused: 'wrong password' };
    await this.#limits.succeeded(address, username);
    return { account };
  }
}
