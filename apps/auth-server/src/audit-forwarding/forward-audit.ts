import { Logger, type FactoryProvider } from '@nestjs/common';
import type { ServerMetrics } from '@onbehalf/authorization-server';
import { AuthorizationStore, type AuditForwarding, type ForwardingObserver } from '@onbehalf/authorization-store';
import { features } from '../features.js';
import { isExported, type TelemetrySettings } from '@onbehalf/service-host';

const FORWARDING = Symbol('the forwarding of the audit trail');

/**
 * Sends the audit trail to an OpenTelemetry collector, from the start until the store is closed; nothing where no
 * collector is named.
 */
export function auditForwarding(settings: TelemetrySettings, metrics: ServerMetrics): FactoryProvider[] {
  if (!isExported('LOGS', settings)) return [];
  const start = async (store: AuthorizationStore): Promise<AuditForwarding> => {
    // what sends it takes memory and time at the start, so only who wants it loads it
    const { OtlpAuditReceiver } = await import('./otlp-audit-receiver.js');
    const receiver = new OtlpAuditReceiver('auth-server', features.auditFields);
    const interval = Number(settings.OTEL_BLRP_SCHEDULE_DELAY ?? 1_000);
    const forwarding = store.forwardAudit({ receiver, observer: observer(metrics), interval });
    measurePending(forwarding, metrics);
    return forwarding;
  };
  return [{ provide: FORWARDING, inject: [AuthorizationStore], useFactory: start }];
}

function observer(metrics: ServerMetrics): ForwardingObserver {
  const log = new Logger('AuditForwarding');
  const forwarded = metrics.counter(
    'onbehalf_audit_forwarded_total',
    'Audit records that the collector has accepted, those that were sent twice counted twice',
  );
  const dropped = metrics.counter(
    'onbehalf_audit_forwarding_dropped_total',
    'Audit records that the collector has refused for good; they are in the database only',
  );
  return {
    forwarded,
    refused: (records, { message: reason }) => {
      dropped(records.length);
      const places = records.map(({ writer, sequence }) => `${writer}/${sequence}`);
      log.error({ reason, records: places }, 'The collector refuses audit records; they are in the database only');
    },
    stalled: ({ message: reason }) =>
      log.warn({ reason }, 'Audit records are not forwarded; they wait in the database'),
    resumed: () => log.log('Audit records are forwarded again'),
  };
}

function measurePending(forwarding: AuditForwarding, metrics: ServerMetrics): void {
  const help = 'Audit records that wait to be forwarded, by where they are forwarded from (here, elsewhere)';
  metrics.gauge('onbehalf_audit_forwarding_pending', help, 'forwarded_from', async () => {
    const { here, elsewhere } = await forwarding.pending();
    return new Map(Object.entries({ here, elsewhere }));
  });
}
