import { hashPassword, verifyPassword } from './password.js';
import type { UserConfig } from '../configuration/server-config.schema.js';

/** A user as the server knows it. */
export type Account = Omit<UserConfig, 'passwordHash'>;

/** The users that can log in. */
export class Accounts {
  readonly #users: ReadonlyMap<string, UserConfig>;
  // compared with for unknown users, so that the answer takes as long as for known ones
  readonly #nobody = hashPassword('nobody');

  constructor(users: readonly UserConfig[]) {
    this.#users = new Map(users.map((user) => [user.username, user]));
  }

  find(subject: string): Account | undefined {
    return this.#users.get(subject);
  }

  /** The account with this user name and password; `undefined` when either is wrong or the account is disabled. */
  async authenticate(username: string, password: string): Promise<Account | undefined> {
    const user = this.#users.get(username);
    const right = await verifyPassword(password, user?.passwordHash ?? (await this.#nobody));
    return right && user?.enabled ? user : undefined;
  }
}
