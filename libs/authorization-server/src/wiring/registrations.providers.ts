import { Logger, type FactoryProvider, type InjectionToken } from '@nestjs/common';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { checkShippedCredentials, shippedCredentials } from '../configuration/checks/shipped-credentials.js';
import { FileInForce } from '../configuration/file-in-force.js';
import { OwnClients } from '../clients/own-clients.js';
import { OwnAccounts } from '../accounts/own-accounts.js';
import { OWN_ACCOUNTS } from '../ports/injection-tokens.js';
import { AccountCreation } from '../accounts/account-creation.js';
import { driftOf, type Drift } from '../registrations/drift/drift.js';
import { ConfigurationReload } from '../registrations/reload/configuration-reload.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { RegistrationDocuments } from '../registrations/documents/registration-documents.js';
import { RegistrationChanges } from '../registrations/changes/registration-changes.js';
import { Registrations } from '../registrations/live/registrations.js';

/** What is registered, and what changes it. */
export function registrationProviders(options: InjectionToken): FactoryProvider[] {
  const documents: FactoryProvider<RegistrationDocuments> = {
    provide: RegistrationDocuments,
    inject: [options],
    useFactory: ({ features }: AuthorizationServerOptions) => new RegistrationDocuments(features?.all),
  };
  const registrations: FactoryProvider<Registrations> = {
    provide: Registrations,
    inject: [options, RegistrationDocuments, FileInForce],
    useFactory: openRegistrations,
  };
  const changes: FactoryProvider<RegistrationChanges> = {
    provide: RegistrationChanges,
    inject: [options, Registrations, RegistrationDocuments],
    useFactory: (
      { storage: { registrations: store }, issuer }: AuthorizationServerOptions,
      registrations: Registrations,
      documents: RegistrationDocuments,
    ) => new RegistrationChanges({ store, registrations, documents, clock: systemClock, issuer }),
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
  const reload: FactoryProvider<ConfigurationReload | undefined> = {
    provide: ConfigurationReload,
    inject: [options, Registrations, RegistrationDocuments, ServerMetrics],
    useFactory: reloadOf,
  };
  return [documents, registrations, changes, accounts, own, clients, reload];
}

/** Opens them, and says in the log what an operator should look at. */
async function openRegistrations(
  { config: file, storage: { registrations: store }, issuer }: AuthorizationServerOptions,
  documents: RegistrationDocuments,
  inForce: FileInForce,
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
  registrations.onChanged(() => inForce.replace(registrations.file));
  tellDrift(driftOf(registrations.current, documents.sections), log);
  const credentials = { clients: file.clients, users: registrations.current.config.users };
  checkShippedCredentials(credentials, issuer, 'registrations');
  const settings = shippedCredentials(credentials);
  if (settings.length > 0)
    log.warn({ event: 'demo_credentials', settings }, 'these ship with Onbehalf, for the demo only');
  return registrations;
}

/** What reads the file again, and says in the log what has come of it. */
function reloadOf(
  { readAgain }: AuthorizationServerOptions,
  registrations: Registrations,
  { sections }: RegistrationDocuments,
  { reloads }: ServerMetrics,
): ConfigurationReload | undefined {
  if (!readAgain) return undefined;
  const log = new Logger('Registrations');
  return new ConfigurationReload({
    registrations,
    sections,
    readAgain,
    onReloaded: ({ changed, settings, needsRestart }, by) => {
      reloads.inc({ outcome: 'accepted' });
      const told = { changed: changed.length, settings, needsRestart, operator: by?.subject };
      log.log({ event: 'configuration.reloaded', ...told }, 'the configuration file was read again');
      tellDrift(driftOf(registrations.current, sections), log);
    },
    onRefused: (mistakes, by) => {
      reloads.inc({ outcome: 'refused' });
      const told = { mistakes, operator: by?.subject };
      log.warn({ event: 'configuration.not_reloaded', ...told }, 'the configuration from before stays in force');
    },
  });
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
