import { Logger, type FactoryProvider, type InjectionToken } from '@nestjs/common';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { checkShippedCredentials, shippedCredentials } from '../configuration/checks/shipped-credentials.js';
import { OwnClients } from '../clients/own-clients.js';
import { OwnAccounts } from '../accounts/own-accounts.js';
import { OWN_ACCOUNTS } from '../ports/injection-tokens.js';
import { AccountCreation } from '../accounts/account-creation.js';
import { driftOf, type Drift } from '../registrations/drift.js';
import { RegistrationDocuments } from '../registrations/registration-documents.js';
import { RegistrationChanges } from '../registrations/registration-changes.js';
import { Registrations } from '../registrations/registrations.js';

/** What is registered, and what changes it. */
export function registrationProviders(options: InjectionToken): FactoryProvider[] {
  const documents: FactoryProvider<RegistrationDocuments> = {
    provide: RegistrationDocuments,
    inject: [options],
    useFactory: ({ features }: AuthorizationServerOptions) => new RegistrationDocuments(features?.all),
  };
  const registrations: FactoryProvider<Registrations> = {
    provide: Registrations,
    inject: [options, RegistrationDocuments],
    useFactory: openRegistrations,
  };
  const changes: FactoryProvider<RegistrationChanges> = {
    provide: RegistrationChanges,
    inject: [options, Registrations, RegistrationDocuments],
    useFactory: (
      { config: file, storage: { registrations: store }, issuer }: AuthorizationServerOptions,
      registrations: Registrations,
      documents: RegistrationDocuments,
    ) => new RegistrationChanges({ file, store, registrations, documents, clock: systemClock, issuer }),
  };
  const accounts: FactoryProvider<AccountCreation> = {
    provide: AccountCreation,
    inject: [RegistrationChanges, Registrations, RegistrationDocuments, OWN_ACCOUNTS],
    useFactory: (
      changes: RegistrationChanges,
      registrations: Registrations,
      documents: RegistrationDocuments,
      own: OwnAccounts | undefined,
    ) => new AccountCreation(changes, registrations, documents, own),
  };
  const own: FactoryProvider<OwnAccounts | undefined> = {
    provide: OWN_ACCOUNTS,
    inject: [options, Registrations, RegistrationChanges, RegistrationDocuments],
    useFactory: (
      { accounts: port }: AuthorizationServerOptions,
      registrations: Registrations,
      changes: RegistrationChanges,
      documents: RegistrationDocuments,
    ) => port && new OwnAccounts({ port, registrations, changes, documents }),
  };
  const clients: FactoryProvider<OwnClients | undefined> = {
    provide: OwnClients,
    inject: [options, Registrations, RegistrationChanges, RegistrationDocuments],
    useFactory: async (
      { clients: port }: AuthorizationServerOptions,
      registrations: Registrations,
      changes: RegistrationChanges,
      documents: RegistrationDocuments,
    ) => port && OwnClients.open({ port, registrations, changes, documents }),
  };
  return [documents, registrations, changes, accounts, own, clients];
}

/** Opens them, and says in the log what an operator should look at. */
async function openRegistrations(
  { config: file, storage: { registrations: store }, issuer }: AuthorizationServerOptions,
  documents: RegistrationDocuments,
): Promise<Registrations> {
  const log = new Logger('Registrations');
  const registrations = await Registrations.open({
    file,
    store,
    documents,
    clock: systemClock,
    onFailure: (error) => log.warn({ event: 'registrations.not_followed', reason: (error as Error).message }),
    onOldFile: (file) => log.warn({ event: 'registrations.old_file', ...file }, 'this file ends no session'),
  });
  const nameUnfit = (): void => {
    for (const { kind, id, reason } of registrations.current.unfit)
      log.warn({ event: 'registrations.unfit', kind, id, reason }, 'it is stored, but lets nobody in');
  };
  nameUnfit();
  registrations.onChanged(nameUnfit);
  tellDrift(driftOf(registrations.current, documents.sections), log);
  const credentials = { clients: file.clients, users: registrations.current.config.users };
  checkShippedCredentials(credentials, issuer, 'registrations');
  const settings = shippedCredentials(credentials);
  if (settings.length > 0)
    log.warn({ event: 'demo_credentials', settings }, 'these ship with Onbehalf, for the demo only');
  return registrations;
}

/** Where the file and the store are two things. Of the unfit it is told whenever the registrations change. */
function tellDrift(drift: readonly Drift[], log: Logger): void {
  for (const { state, ...entry } of drift) {
    if (state === 'replaced') {
      log.warn(
        { event: 'registrations.replaced', ...entry },
        'the store has it: edits of the file do not count for it',
      );
    }
    if (state === 'stale') {
      log.warn({ event: 'registrations.stale', ...entry }, 'it is stored, and names what is not registered any more');
    }
    if (state === 'overruled') {
      log.warn({ event: 'registrations.overruled', ...entry }, 'it leads to operators, so that only the file counts');
    }
  }
}
