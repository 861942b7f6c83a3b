import type { FactoryProvider, InjectionToken, Provider } from '@nestjs/common';
import type { AuditField, ConsentStore } from '@onbehalf/authorization-ports';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { ServerAuditTrail } from '../audit/audit-event.js';
import { countEvents } from '../audit/count-events.js';
import { SampledRefusals } from '../audit/sampled-refusals.js';
import type { AuthorizationServerOptions } from '../authorization-server.options.js';
import { countConsents } from '../consents/count-consents.js';
import { MemoryConsents } from '../consents/memory-consents.js';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { AUDIT_FIELDS, AUDIT_TRAIL, CONSENTS } from '../ports/injection-tokens.js';

/** What is recorded, and consents, whose changes are. */
export function auditProviders(options: InjectionToken): Provider[] {
  const trail: FactoryProvider<ServerAuditTrail> = {
    provide: AUDIT_TRAIL,
    inject: [options, ServerMetrics],
    useFactory: ({ storage }: AuthorizationServerOptions, { auditEvents }: ServerMetrics) =>
      countEvents(storage.trail, ({ type, outcome }) => auditEvents.inc({ type, outcome })),
  };
  const consents: FactoryProvider<ConsentStore> = {
    provide: CONSENTS,
    inject: [options, ServerMetrics],
    useFactory: ({ storage }: AuthorizationServerOptions, { auditEvents }: ServerMetrics) =>
      countConsents(storage.consents ?? new MemoryConsents(storage.trail, systemClock), ({ type, outcome }) =>
        auditEvents.inc({ type, outcome }),
      ),
  };
  const refusals: FactoryProvider<SampledRefusals> = {
    provide: SampledRefusals,
    inject: [AUDIT_TRAIL, ServerMetrics],
    useFactory: (trail: ServerAuditTrail, { unknownRefused }: ServerMetrics) =>
      new SampledRefusals({ trail, clock: systemClock, onRefused: (requested) => unknownRefused.inc({ requested }) }),
  };
  const auditFields: FactoryProvider<readonly AuditField[]> = {
    provide: AUDIT_FIELDS,
    inject: [options],
    useFactory: ({ features }: AuthorizationServerOptions) => features?.auditFields ?? [],
  };
  return [trail, consents, refusals, auditFields];
}
