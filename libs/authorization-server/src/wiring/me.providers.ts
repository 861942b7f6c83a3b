import type { FactoryProvider, InjectionToken, Provider } from '@nestjs/common';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { AuditReader } from '@onbehalf/authorization-ports';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { OwnSession } from '../me/own-session.js';
import { PersonGuard } from '../me/person.guard.js';
import { SealedPlaces } from '../me/sealed-places.js';
import { TrustedClients } from '../me/trusted-clients.js';
import { AUDIT_TRAIL } from '../ports/injection-tokens.js';
import { Registrations } from '../registrations/live/registrations.js';

/** What people see of themselves, and who may show it to them. */
export function meProviders(options: InjectionToken): Provider[] {
  const places: FactoryProvider<SealedPlaces> = {
    provide: SealedPlaces,
    inject: [options],
    useFactory: ({ nonceSecret }: AuthorizationServerOptions) => new SealedPlaces(nonceSecret),
  };
  const clients: FactoryProvider<TrustedClients> = {
    provide: TrustedClients,
    inject: [Registrations],
    useFactory: (registrations: Registrations) => new TrustedClients(registrations),
  };
  const session: FactoryProvider<OwnSession> = {
    provide: OwnSession,
    inject: [options, AUDIT_TRAIL],
    useFactory: ({ issuer, storage: { tokens } }: AuthorizationServerOptions, trail: AuditReader) =>
      new OwnSession({ issuer, tokens, trail, clock: systemClock }),
  };
  return [places, clients, session, PersonGuard];
}
