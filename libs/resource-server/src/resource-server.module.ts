import { Inject, Module, type DynamicModule, type NestModule, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { Authenticator } from './authentication/authenticator.js';
import { Authenticators } from './authentication/authenticators.js';
import { AuthorizationServerHealthIndicator } from './authorization-server.health.js';
import { AccessTokenGuard } from './guard/access-token.guard.js';
import { Registration } from './registration.js';
import { requireOne, RESOURCE_SERVER_PROVIDERS } from './resource-server.providers.js';
import type { ResourceServerOptions } from './settings/resource-server-options.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  RESOURCE_SERVER_SETTINGS,
} from './settings/resource-server.tokens.js';

/** Guards the routes of a service with access tokens of one or more authorization servers. */
@Module({
  providers: RESOURCE_SERVER_PROVIDERS,
  exports: [
    RESOURCE_SERVER_SETTINGS,
    Authenticators,
    Authenticator,
    AccessTokenGuard,
    AuthorizationServerHealthIndicator,
  ],
})
export class ResourceServerModule extends ConfigurableModuleClass implements NestModule, OnModuleInit {
  readonly #registration: Registration;
  readonly #modules: ModulesContainer;

  constructor(@Inject(Registration) registration: Registration, @Inject(ModulesContainer) modules: ModulesContainer) {
    super();
    this.#registration = registration;
    this.#modules = modules;
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
    this.#registration.settle();
  }

  /** The module is visible everywhere. */
  onModuleInit(): void {
    requireOne(ResourceServerModule, this.#modules, 'one, with several issuers and audiences');
    this.#registration.requireOwnAudiences();
  }
}
