import { createHmac, randomBytes } from 'node:crypto';
import type { OwnAccounts } from './own-accounts.js';
import { noPassword, verifyPassword } from './password.js';
import type { RegisteredUser } from '../registrations/live/registration-set.js';

/** A user as the server knows it. */
export type Account = Omit<RegisteredUser, 'passwordHash'>;

/** Accounts for whoever asks about them, and signs nobody in. */
export type KnownAccounts = Pick<Accounts, 'active' | 'find' | 'refresh'>;

/** The users that can log in. */
export class Accounts {
  #users: ReadonlyMap<string, RegisteredUser>;
  #hashes: readonly string[];
  readonly #own: OwnAccounts | undefined;
  /** Tells which hash an unknown name is compared with. */
  readonly #key = randomBytes(32);
  readonly #nobody = noPassword();

  /** @param own of an application that has accounts of its own */
  constructor(users: readonly RegisteredUser[], own?: OwnAccounts) {
    this.#own = own;
    this.#users = byName(users);
    this.#hashes = users.map(({ passwordHash }) => passwordHash);
  }

  /** From here on these are the users. */
  replace(users: readonly RegisteredUser[]): void {
    this.#users = byName(users);
    this.#hashes = users.map(({ passwordHash }) => passwordHash);
  }

  /**
   * As they are now and stay, for a request that is to see them so from its beginning to its end. One that it creates itself is found,
   * and accounts of an application are asked for again at each use.
   */
  get asOfNow(): KnownAccounts {
    if (this.#own) return this;
    const users = this.#users;
    const find = (subject: string): Account | undefined => users.get(subject) ?? this.#users.get(subject);
    const active = (subject: string): Account | undefined => (find(subject)?.enabled ? find(subject) : undefined);
    return { find, active, refresh: () => Promise.resolve() };
  }

  /** The account when it is enabled. */
  active(subject: string): Account | undefined {
    const user = this.#users.get(subject);
    return user?.enabled ? user : undefined;
  }

  /** The account when it is enabled, as the application says now. With accounts of the application, those of the file are none. */
  async own(subject: string): Promise<Account | undefined> {
    if (this.#own?.isOfFile(subject)) return undefined;
    await this.refresh(subject);
    return this.active(subject);
  }

  /** The account as it is known, enabled or not; `undefined` when there is none. */
  find(subject: string): Account | undefined {
    return this.#users.get(subject);
  }

  /**
   * Asks the application what it says of an account of its own now: call it when that is disabled or changed, and its tokens end at
   * once. They do anyway when they are next used at this server.
   * @throws PortUnavailable when it does not say
   */
  async refresh(subject: string): Promise<void> {
    await this.#own?.refresh(subject);
  }

  /** The account with this user name and password; `undefined` when either is wrong or the account is disabled. */
  async authenticate(username: string, password: string): Promise<Account | undefined> {
    if (this.#own && !this.#own.isOfFile(username)) {
      const subject = await this.#own.signIn(username, password);
      return subject === undefined ? undefined : this.active(subject);
    }
    const user = this.#users.get(username);
    const right = await verifyPassword(password, user?.passwordHash ?? this.#hashOfNobody(username));
    return right && user?.enabled && !user.outdated ? user : undefined;
  }

  /** The hash of some user, always the same for a name: hashes differ in cost, and the time to answer must not tell who exists. */
  #hashOfNobody(username: string): string {
    const number = createHmac('sha256', this.#key).update(username).digest().readUInt32BE();
    return this.#hashes[number % this.#hashes.length] ?? this.#nobody;
  }
}

function byName(users: readonly RegisteredUser[]): ReadonlyMap<string, RegisteredUser> {
  return new Map(users.map((user) => [user.username, user]));
}
