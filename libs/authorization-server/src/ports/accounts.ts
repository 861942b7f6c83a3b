/** An account of your own, as the server needs it. */
export interface OwnAccount {
  /** The `sub` of its tokens. It never becomes another person's. */
  readonly subject: string;
  /** Once this is false, nobody signs in, and all that the account holds ends. */
  readonly enabled: boolean;
  /** Changes when all that the account holds is to end, as with a new password: a version, never the password. */
  readonly credential?: string | undefined;
  /** Nobody may impersonate it. */
  readonly protected?: boolean | undefined;
  /** The most that its tokens may hold; absent: no limit, and nothing of the server itself. */
  readonly entitledScopes?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
  readonly email?: string | undefined;
}

/** A new account; what is left out is as for any user. Nobody can log in to it by password. */
export interface NewAccount {
  /** Also the subject of its tokens. */
  readonly username: string;
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
  readonly email?: string | undefined;
  /** The most that tokens of the account may hold; absent: no limit, and nothing of this server itself. */
  readonly entitledScopes?: readonly string[] | undefined;
}

type Answer<Value> = Value | Promise<Value>;
type Found = Answer<OwnAccount | null | undefined>;

/**
 * Your table of users. The server asks anew whenever an account is used; `Accounts.refresh(subject)` has it ask at once. The users of the
 * configuration file stay beside them, operators above all: their names are theirs. An answer that does not come within 3 seconds, fails
 * or makes no sense refuses what was asked for, and ends nothing.
 */
export interface AccountsPort {
  /** Finds whom somebody means who signs in, such as by an e-mail address. */
  findByLogin(login: string): Found;
  /**
   * Finds the account of a subject.
   * @param subject as the account has told it
   */
  find(subject: string): Found;
  /** Absent: nobody signs in by password, but by a way of your own that ends in `SignIns.finish`. */
  verifyPassword?(account: OwnAccount, password: string): Answer<boolean>;
  /** Creates the account of a user for whom a feature vouches; false when there is one. Absent: none is created. */
  provision?(account: NewAccount, by: { readonly feature: string; readonly clientId: string }): Answer<boolean>;
}
