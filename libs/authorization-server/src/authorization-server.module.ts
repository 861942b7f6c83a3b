import { ConfigurableModuleBuilder, Inject, Module, type NestModule } from '@nestjs/common';
import type { ConfigurableModuleAsyncOptions, DynamicModule, FactoryProvider } from '@nestjs/common';
import type { IssuedTokens } from '@onbehalf/authorization-ports';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { EmbeddedResourceServerModule } from '@onbehalf/resource-server';
import { TokenExchange } from '@onbehalf/token-exchange';
import { ownEndpoints } from './wiring/own-endpoints.js';
import { EXCHANGE_POLICY, ISSUED_TOKENS, LOG_LEVELS, OWN_ACCOUNTS, OWN_ISSUER } from './ports/injection-tokens.js';
import type { LogLevels } from './ports/log-levels.js';
import { Accounts } from './accounts/accounts.js';
import { OwnClients } from './clients/own-clients.js';
import type { OwnAccounts } from './accounts/own-accounts.js';
import type { AuthorizationServerOptions } from './authorization-server.options.js';
import { AuthorizationServer } from './authorization-server.js';
import { FileInForce } from './configuration/file-in-force.js';
import { OWN_ALGORITHMS } from './keys/key-set.js';
import { SigningKeys } from './keys/signing-keys.js';
import { FeatureRuntime } from './features/feature-runtime.js';
import { auditProviders } from './wiring/audit.providers.js';
import { exchangeProviders } from './wiring/exchange.providers.js';
import { featureProviders } from './wiring/features.providers.js';
import { Pages } from './pages/page-view.js';
import { isOfTheServer } from './pages/server-controller.decorator.js';
import { SERVER_CONTROLLERS } from './server-controllers.js';
import { FormTokens } from './consents/form-tokens.js';
import { SignIns } from './pages/sign-ins.js';
import { Visitors } from './pages/visitors.js';
import { ConfigurationReload } from './registrations/reload/configuration-reload.js';
import { RegistrationChanges } from './registrations/changes/registration-changes.js';
import { TrustedClients } from './me/trusted-clients.js';
import { PersonLimits } from './rate-limits/person-limits.js';
import { meProviders } from './wiring/me.providers.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { liveProvider } from './wiring/provider.providers.js';
import { LiveProvider } from './provider/live-provider.js';
import { Registrations } from './registrations/live/registrations.js';
import { registrationProviders } from './wiring/registrations.providers.js';
import { ServerRoutes } from './routing/server-routes.js';
import { pageProviders } from './wiring/pages.providers.js';
import { rateLimitProviders } from './wiring/rate-limits.providers.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<AuthorizationServerOptions>()
  .setClassMethodName('forRoot')
  .build();

const inject = [MODULE_OPTIONS_TOKEN];

const own: FactoryProvider<TrustedIssuer> = {
  provide: OWN_ISSUER,
  inject,
  useFactory: ({ issuer, keys }: AuthorizationServerOptions) => ({
    issuer,
    keys: keys.verification,
    algorithms: OWN_ALGORITHMS,
  }),
};

const file: FactoryProvider<FileInForce> = {
  provide: FileInForce,
  inject,
  useFactory: ({ config }: AuthorizationServerOptions) => new FileInForce(config),
};

// as a provider, so that keys in a store are followed for as long as the application runs
const keys: FactoryProvider<SigningKeys> = {
  provide: SigningKeys,
  inject,
  useFactory: ({ keys }: AuthorizationServerOptions) => keys,
};

const tokens: FactoryProvider<IssuedTokens> = {
  provide: ISSUED_TOKENS,
  inject,
  useFactory: ({ storage }: AuthorizationServerOptions) => storage.tokens,
};

const logLevels: FactoryProvider<LogLevels | undefined> = {
  provide: LOG_LEVELS,
  inject,
  useFactory: ({ logLevels }: AuthorizationServerOptions) => logLevels,
};

const metrics: FactoryProvider<ServerMetrics> = {
  provide: ServerMetrics,
  inject,
  useFactory: ({ metrics }: AuthorizationServerOptions) => metrics ?? new ServerMetrics(),
};

const accounts: FactoryProvider<Accounts> = {
  provide: Accounts,
  inject: [Registrations, OWN_ACCOUNTS],
  useFactory: (registrations: Registrations, own: OwnAccounts | undefined) => {
    const accounts = new Accounts(registrations.current.config.users, own);
    registrations.onChanged(() => accounts.replace(registrations.current.config.users));
    return accounts;
  },
};

const server: FactoryProvider<AuthorizationServer> = {
  provide: AuthorizationServer,
  inject: [MODULE_OPTIONS_TOKEN, LiveProvider, Pages],
  useFactory: ({ issuer }: AuthorizationServerOptions, provider: LiveProvider, pages: Pages) =>
    new AuthorizationServer(provider, issuer, pages),
};

/**
 * An authorization server with token exchange. The protocol endpoints are middleware that must stand before any body
 * parser: `app.use(app.get(AuthorizationServer).middleware)`.
 */
@Module({
  controllers: SERVER_CONTROLLERS,
  providers: [
    own,
    keys,
    tokens,
    ...pageProviders(MODULE_OPTIONS_TOKEN),
    ...auditProviders(MODULE_OPTIONS_TOKEN),
    metrics,
    logLevels,
    accounts,
    ...exchangeProviders(MODULE_OPTIONS_TOKEN),
    liveProvider(MODULE_OPTIONS_TOKEN),
    server,
    ...rateLimitProviders(MODULE_OPTIONS_TOKEN),
    ...registrationProviders(MODULE_OPTIONS_TOKEN),
    ...featureProviders(MODULE_OPTIONS_TOKEN),
    ...meProviders(MODULE_OPTIONS_TOKEN),
    ServerRoutes,
  ],
  exports: [
    AuthorizationServer,
    Pages,
    FormTokens,
    Visitors,
    SignIns,
    OwnClients,
    RegistrationChanges,
    ConfigurationReload,
    TokenExchange,
    FeatureRuntime,
    LiveProvider,
    SigningKeys,
    OWN_ISSUER,
    ISSUED_TOKENS,
    // what the guard of people is made of, for features that tell people of themselves
    EXCHANGE_POLICY,
    Accounts,
    TrustedClients,
    PersonLimits,
  ],
})
export class AuthorizationServerModule extends ConfigurableModuleClass implements NestModule {
  constructor(@Inject(ServerRoutes) private readonly routes: ServerRoutes) {
    super();
  }

  /** Builds the server from options that are at hand. */
  static override forRoot(options: AuthorizationServerOptions): DynamicModule {
    return withOwnGuard(super.forRoot(options));
  }

  /** Builds the server from options that are made at the start, such as keys and a storage that have to be opened first. */
  static override forRootAsync(options: ConfigurableModuleAsyncOptions<AuthorizationServerOptions>): DynamicModule {
    return withOwnGuard(super.forRootAsync(options));
  }

  /**
   * Called by Nest before any route is set up.
   * @throws ConfigurationError for another adapter than that of Express
   */
  configure(): void {
    this.routes.settle();
  }
}

/** Where the options are, for the server and for the guard of its own endpoints. */
@Module({})
class ServerOptionsModule {}

function withOwnGuard({ imports = [], providers = [], ...definition }: DynamicModule): DynamicModule {
  // the factory of the options is to run once: it opens keys
  const options = {
    module: ServerOptionsModule,
    imports,
    providers: [...providers, file],
    exports: [MODULE_OPTIONS_TOKEN, FileInForce],
  };
  const guard = EmbeddedResourceServerModule.forRootAsync(isOfTheServer, {
    imports: [options],
    inject: [MODULE_OPTIONS_TOKEN, FileInForce],
    useFactory: ownEndpoints,
  });
  return { ...definition, imports: [options, guard] };
}
