import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { noPassword } from './password.js';
import { OutOfReach } from '../registrations/out-of-reach.js';
import type { RegistrationDocuments } from '../registrations/registration-documents.js';
import type { Registrations } from '../registrations/registrations.js';
import { VersionMismatch, type RegistrationChanges } from '../registrations/registration-changes.js';

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

/** Creates accounts for users whom a feature vouches for, recorded as other changes of registrations are. */
export class AccountCreation {
  constructor(
    private readonly changes: RegistrationChanges,
    private readonly registrations: Pick<Registrations, 'reload'>,
    private readonly documents: RegistrationDocuments,
  ) {}

  /**
   * @param by who has it created, for the record: the feature, and the client that asked it
   * @returns false when there is such an account already
   * @throws ConfigurationError for an account that cannot be
   */
  async create(
    { username, ...account }: NewAccount,
    by: { readonly feature: string; readonly clientId: string },
  ): Promise<boolean> {
    const { data: input, error } = this.documents.sent.user.safeParse({ ...account, passwordHash: noPassword() });
    if (error) throw new ConfigurationError('account', username, error.issues[0]!.message);
    const operator = { subject: by.feature, clientId: by.clientId };
    try {
      await this.changes.put('user', username, undefined, input, operator);
      return true;
    } catch (error) {
      if (error instanceof VersionMismatch) {
        // another replica was faster, and this one is to know of it
        await this.registrations.reload();
        return false;
      }
      if (error instanceof OutOfReach) throw new ConfigurationError('account', username, error.message);
      throw error;
    }
  }
}
