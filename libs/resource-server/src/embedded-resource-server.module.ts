import {
  Inject,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type NestModule,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Authenticators, OWNS, type Owns } from './authentication/authenticators.js';
import { Registration } from './registration.js';
import { requireOne, RESOURCE_SERVER_PROVIDERS } from './resource-server.providers.js';
import type { ResourceServerOptions } from './settings/resource-server-options.js';
import { RESOURCE_SERVER_OPTIONS } from './settings/resource-server.tokens.js';

/**
 * Guards the controllers of a server that lives inside an application, and nothing else. It stands beside the `ResourceServerModule`
 * of the application, each with its own settings: no call is judged by both, and no token is good for both.
 */
@Module({ providers: RESOURCE_SERVER_PROVIDERS, exports: [Authenticators] })
export class EmbeddedResourceServerModule implements NestModule, OnModuleInit {
  readonly #registration: Registration;
  readonly #modules: ModulesContainer;

  constructor(@Inject(Registration) registration: Registration, @Inject(ModulesContainer) modules: ModulesContainer) {
    this.#registration = registration;
    this.#modules = modules;
  }

  /**
   * Guards the controllers that the server owns, with options that are made at the start.
   * @param owns which controllers are those of the server; `AccessTokenGuard` and the demands on them are held with these options
   */
  static forRootAsync(
    owns: Owns,
    {
      imports = [],
      inject = [],
      useFactory,
    }: Pick<ConfigurableModuleAsyncOptions<ResourceServerOptions>, 'imports' | 'inject'> &
      Required<Pick<ConfigurableModuleAsyncOptions<ResourceServerOptions>, 'useFactory'>>,
  ): DynamicModule {
    return {
      module: EmbeddedResourceServerModule,
      // guards are injected wherever controllers stand, in modules of features too; what is exported knows all resource servers
      global: true,
      imports,
      providers: [
        { provide: RESOURCE_SERVER_OPTIONS, inject, useFactory },
        { provide: OWNS, useValue: owns },
      ],
    };
  }

  /** Called by Nest before any route is set up. */
  configure(): void {
    this.#registration.settle();
  }

  /** Called by Nest: two servers, or an audience that both sides have, stop the start with ConfigurationError. */
  onModuleInit(): void {
    requireOne(EmbeddedResourceServerModule, this.#modules, 'one server in one application');
    this.#registration.requireOwnAudiences();
  }
}
