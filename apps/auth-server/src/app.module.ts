import { Module, type DynamicModule } from '@nestjs/common';
import {
  AuthorizationServerModule,
  readServerConfig,
  type AuthorizationServerOptions,
} from '@onbehalf/authorization-server';
import { AuthorizationStore } from '@onbehalf/authorization-store';
import type { Settings } from './environment.js';
import { exchangeConfig } from './exchange.config.js';
import { serverSecrets } from './server-secrets.js';
import { StoreModule } from './store.module.js';

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const config = readServerConfig(settings.AUTH_SERVER_CONFIG, process.env);
    const store = StoreModule.with(settings);
    return {
      module: AppModule,
      imports: [
        store,
        AuthorizationServerModule.forRootAsync({
          imports: [store],
          inject: [AuthorizationStore],
          useFactory: async (storage: AuthorizationStore): Promise<AuthorizationServerOptions> => ({
            issuer: settings.ISSUER,
            config,
            ...(await serverSecrets(settings, config, storage)),
            exchange: exchangeConfig,
            audit: { record: async (event) => void (await storage.audit.append({ type: 'token_exchange', ...event })) },
            auditTrail: storage.audit,
            rateLimits: storage.rateLimits,
            trustedProxies: settings.TRUSTED_PROXIES,
            clientCertificateHeader: settings.CLIENT_CERTIFICATE_HEADER,
            tokens: storage.tokens,
            replay: storage.replay,
            adapter: storage.providerAdapter,
          }),
        }),
      ],
    };
  }
}
