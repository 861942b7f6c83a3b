import { Logger, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import {
  AuthorizationServerModule,
  featureModules,
  OutageFilter,
  readServerConfig,
  ServerMetrics,
  type AuthorizationServerOptions,
} from '@onbehalf/authorization-server';
import { AuthorizationStore } from '@onbehalf/authorization-store';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { Host, TelemetrySettings } from '@onbehalf/service-host';
import { auditForwarding } from './audit-forwarding/forward-audit.js';
import { measureRetention } from './audit-retention.js';
import type { Settings } from './environment.js';
import { features } from './features.js';
import { ProfilesModule } from './profiles/profiles.module.js';
import { readAgain } from './read-again.js';
import { ReadAtStart, restarting } from './read-at-start.js';
import { serverSecrets } from './server-secrets.js';
import { SigningKeysHealthIndicator } from './signing-keys.health.js';
import { StoreModule } from './store.module.js';

@Module({})
export class AppModule {
  static with(settings: Settings & TelemetrySettings, host: Host, metrics = new ServerMetrics()): DynamicModule {
    const { AUTH_SERVER_CONFIG, ISSUER: issuer } = settings;
    const onWarning = warnOnce();
    const context = { issuer, sections: features.all, onWarning };
    const read = () => readServerConfig(AUTH_SERVER_CONFIG, process.env, context);
    const config = read();
    const store = StoreModule.with(settings, metrics.observeQuery);
    const server = AuthorizationServerModule.forRootAsync({
      imports: [store],
      inject: [AuthorizationStore],
      useFactory: async (storage: AuthorizationStore): Promise<AuthorizationServerOptions> => {
        const { secrets, readAgain: beside } = await serverSecrets(settings, config, storage);
        const files = new ReadAtStart(settings, config);
        const needsRestart = () => [...restarting(host.changedSettings(), settings), ...files.changed];
        return {
          issuer: settings.ISSUER,
          config,
          readAgain: () => readAgain({ config: read, needsRestart, beside }),
          logLevels: host.logLevel,
          ...secrets,
          features,
          storage,
          metrics: withGauges(metrics, storage, settings),
          trustedProxies: settings.TRUSTED_PROXIES,
          clientCertificateHeader: settings.CLIENT_CERTIFICATE_HEADER,
        };
      },
    });
    const profiles = ProfilesModule.with({ url: settings.LEGACY_SERVICE_URL, key: settings.LEGACY_SERVICE_KEY });
    return {
      module: AppModule,
      providers: [
        SigningKeysHealthIndicator,
        { provide: APP_FILTER, useClass: OutageFilter },
        ...auditForwarding(settings, metrics),
      ],
      imports: [TerminusModule, store, server, profiles, ...featureModules(features.in(config), server)],
    };
  }
}

/** Each line once: a copy of the file may be read again every few seconds. */
function warnOnce(): (warning: Error) => void {
  const log = new Logger('Configuration');
  const told = new Set<string>();
  return ({ message }) => {
    if (told.has(message)) return;
    told.add(message);
    log.warn({ event: 'configuration.warning', warning: message }, 'it is accepted, and had better be otherwise');
  };
}

function withGauges(metrics: ServerMetrics, storage: AuthorizationStore, settings: Settings): ServerMetrics {
  const { AUDIT_RETENTION } = settings;
  if (AUDIT_RETENTION !== undefined) measureRetention(AUDIT_RETENTION, storage, metrics);
  if (isRotated(settings)) measureKeys(storage, metrics);
  const clock = 'Seconds by which the clock of this process is ahead of the database; negative when it is behind';
  metrics.gauge('onbehalf_clock_difference_seconds', clock, 'of', () =>
    Promise.resolve(new Map([['process', storage.clockDifference]])),
  );
  const due =
    'Seconds for which the oldest row that is due was due already when the last sweep ended, by table; 0 when none was left';
  metrics.gauge('onbehalf_sweep_oldest_due_seconds', due, 'table', () => Promise.resolve(storage.sweeping.oldestDue));
  const swept = 'Expired rows that this process has deleted, by table';
  metrics.total('onbehalf_swept_rows_total', swept, 'table', () => storage.sweeping.deleted);
  return metrics;
}

/** Others rotate keys in a file and in Vault; what the store has from before then signs nothing. */
function isRotated({ SIGNING_KEYS_FILE, VAULT_TRANSIT_KEYS }: Settings): boolean {
  return SIGNING_KEYS_FILE === undefined && VAULT_TRANSIT_KEYS === undefined;
}

function measureKeys(storage: AuthorizationStore, metrics: ServerMetrics): void {
  const help = 'How long the key that signs has been signing, by algorithm';
  metrics.gauge('onbehalf_signing_key_age_seconds', help, 'algorithm', async () => {
    const signing = (await storage.keys.list()).filter(({ state }) => state === 'signing');
    return new Map(signing.map(({ algorithm, signingAt = 0 }) => [algorithm, systemClock() - signingAt]));
  });
}
