import { Logger, type FactoryProvider, type InjectionToken } from '@nestjs/common';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { RegistrationChanges } from './registration-changes.js';
import { Registrations } from './registrations.js';

/** What is registered, and what changes it. */
export function registrationProviders(options: InjectionToken): FactoryProvider[] {
  const log = new Logger('Registrations');
  const registrations: FactoryProvider<Registrations> = {
    provide: Registrations,
    inject: [options],
    useFactory: ({ config: file, registrations: store }: AuthorizationServerOptions) =>
      Registrations.open({
        file,
        store,
        clock: systemClock,
        onFailure: (error) => log.warn({ event: 'registrations.not_followed', reason: (error as Error).message }),
      }),
  };
  const changes: FactoryProvider<RegistrationChanges> = {
    provide: RegistrationChanges,
    inject: [options, Registrations],
    useFactory: (
      { config: file, registrations: store, tokens }: AuthorizationServerOptions,
      registrations: Registrations,
    ) => new RegistrationChanges({ file, store, registrations, tokens, clock: systemClock }),
  };
  return [registrations, changes];
}
