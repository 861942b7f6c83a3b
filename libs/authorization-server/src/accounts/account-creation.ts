import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { NewAccount } from '../ports/accounts.js';
import type { OwnAccounts } from './own-accounts.js';
import { noPassword } from './password.js';
import { OutOfReach } from '../registrations/changes/out-of-reach.js';
import type { RegistrationDocuments } from '../registrations/documents/registration-documents.js';
import type { Registrations } from '../registrations/live/registrations.js';
import { VersionMismatch, type RegistrationChanges } from '../registrations/changes/registration-changes.js';

/** Creates accounts for users whom a feature vouches for, recorded as other changes of registrations are. */
export class AccountCreation {
  constructor(
    private readonly changes: RegistrationChanges,
    private readonly registrations: Pick<Registrations, 'reload'>,
    private readonly documents: RegistrationDocuments,
    /** Of an application that has accounts of its own. */
    private readonly own?: OwnAccounts,
  ) {}

  /**
   * @param by who has it created, for the record: the feature, and the client that asked it
   * @returns false when there is such an account already
   * @throws ConfigurationError for an account that cannot be
   */
  async create(given: NewAccount, by: { readonly feature: string; readonly clientId: string }): Promise<boolean> {
    if (this.own) return this.own.provision(given, by);
    const { username, ...account } = given;
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
