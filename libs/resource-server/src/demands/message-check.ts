import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { Authenticator } from '../authentication/authenticator.js';
import { requirementsOfHandler } from '../requirements/requirements.js';
import type { ResourceServerSettings } from '../settings/resource-server-settings.js';
import { MODULE } from '../module-name.js';
import { RESOURCE_SERVER_SETTINGS } from '../settings/resource-server.tokens.js';
import { decoratorOf } from './demand-check.js';
import { handlersOf } from './handlers.js';

/** What Nest gives a microservice's server its handlers by. */
interface MessageServer {
  addHandler(pattern: unknown, ...rest: unknown[]): void;
}

/**
 * Watches how message handlers are bound. A microservice that is connected without `inheritAppConfig` asks a configuration of its
 * own for guards, which has none: what it would bind unguarded stops the start.
 */
@Injectable()
export class MessageCheck {
  readonly #settings: ResourceServerSettings;
  readonly #modules: ModulesContainer;
  readonly #authenticator: Authenticator;
  /** Whether the application was asked for its guards since the last handler was bound. */
  #isGuarded = false;

  constructor(
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ApplicationConfig) application: ApplicationConfig,
    @Inject(Authenticator) authenticator: Authenticator,
  ) {
    this.#settings = settings;
    this.#modules = modules;
    this.#authenticator = authenticator;
    const getGlobalGuards = application.getGlobalGuards.bind(application);
    application.getGlobalGuards = () => {
      this.#isGuarded = true;
      return getGlobalGuards();
    };
    modules.getRpcTargetRegistry<MessageServer>().subscribe((server) => this.#watch(server));
  }

  #watch(server: MessageServer): void {
    const addHandler = server.addHandler.bind(server);
    server.addHandler = (pattern, ...rest) => {
      if (!this.#isGuarded) this.#refuseUnguarded(pattern);
      this.#isGuarded = false;
      addHandler(pattern, ...rest);
    };
  }

  /** @throws ConfigurationError naming handler, demand and the setting that enforces it */
  #refuseUnguarded(pattern: unknown): void {
    for (const { owner, method, name, patterns, instance } of handlersOf(this.#modules)) {
      // what is made for each request is bound at each request
      if (!instance || !patterns.includes(pattern) || !this.#authenticator.guards(owner)) continue;
      const { access, requirements } = requirementsOfHandler(method, owner);
      const demand = requirements[0] ? decoratorOf(requirements[0]) : this.#settings.global && 'global: true';
      if (access !== 'token' || !demand) continue;
      const accepted = '{ inheritAppConfig: true } as the second argument of connectMicroservice';
      throw new ConfigurationError(`${MODULE}: ${demand} on ${name}`, 'not enforced in this microservice', accepted);
    }
  }
}
