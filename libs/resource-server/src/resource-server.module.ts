import { Inject, Module, type CanActivate, type OnApplicationBootstrap } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { AccessTokenGuard } from './access-token.guard.js';
import { AccessTokenInterceptor } from './access-token.interceptor.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { Authenticator } from './authenticator.js';
import { AuthorizationServerHealthIndicator } from './authorization-server.health.js';
import { toSettings, type ResourceServerSettings } from './resource-server-settings.js';
import {
  ConfigurableModuleClass,
  RESOURCE_SERVER_OPTIONS,
  RESOURCE_SERVER_SETTINGS,
} from './resource-server.tokens.js';

const allow: CanActivate = { canActivate: () => true };

/** Guards the routes of a service with access tokens of one or more authorization servers. */
@Module({
  providers: [
    { provide: RESOURCE_SERVER_SETTINGS, useFactory: toSettings, inject: [RESOURCE_SERVER_OPTIONS] },
    Authenticator,
    AccessTokenStrategy,
    AccessTokenGuard,
    AuthorizationServerHealthIndicator,
    {
      provide: APP_GUARD,
      useFactory: (settings: ResourceServerSettings, guard: AccessTokenGuard) => (settings.global ? guard : allow),
      inject: [RESOURCE_SERVER_SETTINGS, AccessTokenGuard],
    },
    { provide: APP_INTERCEPTOR, useClass: AccessTokenInterceptor },
  ],
  exports: [RESOURCE_SERVER_SETTINGS, Authenticator, AccessTokenGuard, AuthorizationServerHealthIndicator],
})
export class ResourceServerModule extends ConfigurableModuleClass implements OnApplicationBootstrap {
  readonly #settings: ResourceServerSettings;

  constructor(@Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings) {
    super();
    this.#settings = settings;
  }

  /** Fetches the keys ahead of the first request. The start does not wait for them, nor fail without: readiness tells. */
  onApplicationBootstrap(): void {
    for (const { keys } of this.#settings.issuers) keys.ready?.().catch(() => undefined);
  }
}
