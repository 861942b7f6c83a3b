import { Logger } from '@nestjs/common';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { askPort } from '../ports/ask-port.js';
import type { AccountsPort, NewAccount, OwnAccount } from '../ports/accounts.js';
import { OutOfReach } from '../registrations/changes/out-of-reach.js';
import {
  NotRegistered,
  VersionMismatch,
  type RegistrationChanges,
} from '../registrations/changes/registration-changes.js';
import type { RegistrationDocuments } from '../registrations/documents/registration-documents.js';
import type { Registrations } from '../registrations/live/registrations.js';
import { noPassword, verifyPassword } from './password.js';

/** As the audit trail names it. */
const APPLICATION = { subject: 'accounts', clientId: 'authorization-server' };

export interface OwnAccountsOptions {
  readonly port: AccountsPort;
  readonly registrations: Registrations;
  readonly changes: Pick<RegistrationChanges, 'put' | 'remove'>;
  readonly documents: RegistrationDocuments;
}

/**
 * The accounts of the application. Each one that is used is registered here as its table has it, so that its sessions and tokens belong
 * to a life of it; once the table does not let it in, the registration goes, and all that it held ends.
 */
export class OwnAccounts {
  readonly #options: OwnAccountsOptions;
  readonly #answer: z.ZodType<OwnAccount | undefined>;
  readonly #nobody = noPassword();
  readonly #log = new Logger('AuthorizationServer');

  constructor(options: OwnAccountsOptions) {
    this.#options = options;
    const { ids, sent } = options.documents;
    const { entitledScopes, name, givenName, familyName, email, protected: isProtected } = sent.user.shape;
    const claims = { entitledScopes, name, givenName, familyName, email, protected: isProtected };
    const account = z.object({ subject: ids.user, enabled: z.boolean(), credential: z.string().optional(), ...claims });
    this.#answer = account.nullish().transform((found) => found ?? undefined);
  }

  /** Whether the file has a user of this name, whom the application cannot be. */
  isOfFile(subject: string): boolean {
    return this.#options.registrations.current.inFile('user', subject) !== undefined;
  }

  /** @returns the subject that has signed in; `undefined` when name or password are wrong or the account is not let in */
  async signIn(login: string, password: string): Promise<string | undefined> {
    const { port } = this.#options;
    const account = await askPort('accounts.findByLogin', () => port.findByLogin(login), this.#answer);
    if (!account || !port.verifyPassword) {
      // how long it takes is not to tell who exists
      await verifyPassword(password, this.#nobody);
      return undefined;
    }
    const right = await askPort('accounts.verifyPassword', () => port.verifyPassword!(account, password), z.boolean());
    if (!right) return undefined;
    await this.#take(account.subject, account);
    return this.isOfFile(account.subject) ? undefined : account.subject;
  }

  /** Asks the application what it says of an account now, and goes by it. */
  async refresh(subject: string): Promise<void> {
    if (this.isOfFile(subject)) return;
    const answer = this.#answer.refine((found) => !found || found.subject === subject, 'of another subject');
    await this.#take(subject, await askPort('accounts.find', () => this.#options.port.find(subject), answer));
  }

  /** @throws ConfigurationError where the application creates none */
  async provision(account: NewAccount, by: { readonly feature: string; readonly clientId: string }): Promise<boolean> {
    const { port } = this.#options;
    if (!port.provision) throw new ConfigurationError('account', account.username, 'one that the application has');
    if (this.isOfFile(account.username)) return false;
    const isNew = await askPort('accounts.provision', () => port.provision!(account, by), z.boolean());
    await this.refresh(account.username);
    return isNew;
  }

  async #take(subject: string, account: OwnAccount | undefined): Promise<void> {
    if (this.isOfFile(subject)) return this.#refuse(subject, 'the file has a user of this name');
    for (;;) {
      try {
        return await (account?.enabled ? this.#admit(account) : this.#leave(subject));
      } catch (error) {
        if (error instanceof NotRegistered) return;
        // another replica was faster
        if (error instanceof VersionMismatch) continue;
        if (!(error instanceof OutOfReach || error instanceof ConfigurationError)) throw error;
        this.#refuse(subject, error.message);
        account = undefined;
      }
    }
  }

  async #admit({ subject, enabled, credential, ...claims }: OwnAccount): Promise<void> {
    const { changes, documents, registrations } = this.#options;
    const known = registrations.current.find('user', subject);
    const { data: input, error } = documents.sent.user.safeParse({ ...claims, enabled });
    if (error) throw new ConfigurationError('account', subject, error.issues[0]!.message);
    // operators have shut it out, whatever the application says
    if (known?.document['enabled'] === false) return;
    const before = known?.document['passwordHash'];
    const passwordHash = credential === undefined ? (before ?? noPassword()) : noPassword(credential);
    const document = withoutUndefined({ ...input, passwordHash });
    if (known && isDeepStrictEqual(withoutUndefined(known.document), document)) return;
    await changes.put('user', subject, known?.version, document, APPLICATION);
  }

  async #leave(subject: string): Promise<void> {
    const { changes, registrations } = this.#options;
    const known = registrations.current.find('user', subject);
    if (known && known.document['enabled'] !== false) await changes.remove('user', subject, known.version, APPLICATION);
  }

  #refuse(subject: string, reason: string): void {
    this.#log.warn({ event: 'accounts.refused', subject, reason }, 'the application has an account that cannot be');
  }
}

function withoutUndefined(document: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
}
