import {
  Inject,
  Module,
  type DynamicModule,
  type NestModule,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { AccessTokenGuard } from './guard/access-token.guard.js';
import { AccessTokenInterceptor } from './guard/access-token.interceptor.js';
import { AccessTokenStrategy } from './guard/access-token.strategy.js';
import { Authenticator } from './authentication/authenticator.js';
import { AuthorizationServerHealthIndicator } from './authorization-server.health.js';
import { DemandCheck } from './demands/demand-check.js';
import { ExternalHandlers } from './demands/external-handlers.js';
import { MessageCheck } from './demands/message-check.js';
import { GlobalGuard } from './guard/global.guard.js';
import { MetadataRoute } from './metadata-route.js';
import { RequestContexts } from './request/request-contexts.js';
import type { ResourceServerOptions } from './settings/resource-server-options.js';
import { toSettings, type ResourceServerSettings } from './settings/resource-server-settings.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  RESOURCE_SERVER_OPTIONS,
  RESOURCE_SERVER_SETTINGS,
} from './settings/resource-server.tokens.js';

/** Guards the routes of a service with access tokens of one or more authorization servers. */
@Module({
  providers: [
    { provide: RESOURCE_SERVER_SETTINGS, useFactory: toSettings, inject: [RESOURCE_SERVER_OPTIONS] },
    Authenticator,
    AccessTokenStrategy,
    AccessTokenGuard,
    AuthorizationServerHealthIndicator,
    MetadataRoute,
    AccessTokenInterceptor,
    DemandCheck,
    ExternalHandlers,
    MessageCheck,
    GlobalGuard,
    RequestContexts,
  ],
  exports: [RESOURCE_SERVER_SETTINGS, Authenticator, AccessTokenGuard, AuthorizationServerHealthIndicator],
})
export class ResourceServerModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit, OnApplicationBootstrap, OnModuleDestroy
{
  readonly #settings: ResourceServerSettings;
  readonly #modules: ModulesContainer;
  readonly #contexts: RequestContexts;
  readonly #metadata: MetadataRoute;

  constructor(
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(RequestContexts) contexts: RequestContexts,
    @Inject(MetadataRoute) metadata: MetadataRoute,
  ) {
    super();
    this.#settings = settings;
    this.#modules = modules;
    this.#contexts = contexts;
    this.#metadata = metadata;
  }

  /** Guards with options that are at hand. They are checked at the start, with ConfigurationError at the first mistake. */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** Guards with options that are made at the start: from the environment, or by an injected service. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /**
   * For tests: guards every route with tokens of a test issuer, whose keys need no network.
   * @param issuer from `createTestIssuer()` of `@onbehalf/testing`
   */
  static forTesting(
    issuer: TrustedIssuer & { readonly audience: string },
    options: Partial<ResourceServerOptions> = {},
  ): DynamicModule {
    return this.forRoot({ issuers: [issuer], audience: issuer.audience, global: true, ...options });
  }

  /** Called by Nest before any route is set up. */
  configure(): void {
    this.#contexts.openForHttp();
    this.#metadata.register();
  }

  /** The module is visible everywhere, so with two of them nobody could say which one a guard belongs to. */
  onModuleInit(): void {
    const registered = [...this.#modules.values()].filter(({ metatype }) => metatype === ResourceServerModule).length;
    if (registered > 1) {
      throw new ConfigurationError(
        'ResourceServerModule',
        `${registered} registrations`,
        'one, with several issuers and audiences',
      );
    }
  }

  /** Fetches the keys ahead of the first request. The start does not wait for them, nor fail without: readiness tells. */
  onApplicationBootstrap(): void {
    for (const { keys } of this.#settings.issuers) keys.ready?.().catch(() => undefined);
    for (const check of this.#settings.revocation) check.start?.();
  }

  /** Called by Nest: asks for revocations no more. */
  onModuleDestroy(): void {
    for (const check of this.#settings.revocation) check.stop?.();
  }
}
