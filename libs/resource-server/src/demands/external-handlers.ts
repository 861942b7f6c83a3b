import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { currentAccessToken } from '@onbehalf/jwt-verification';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { Authenticator } from '../authentication/authenticator.js';
import { requirementsOfHandler, type Requirement } from '../requirements/requirements.js';
import type { ResourceServerSettings } from '../settings/resource-server-settings.js';
import { MODULE } from '../module-name.js';
import { RESOURCE_SERVER_SETTINGS } from '../settings/resource-server.tokens.js';
import { handlersOf, type Handler } from './handlers.js';

/**
 * Holds the demands of handlers that another library calls past Nest's guards, such as the tools of an MCP server: judges the
 * access token of the current request whenever one of their methods is called.
 */
@Injectable()
export class ExternalHandlers implements OnModuleInit {
  readonly #settings: ResourceServerSettings;
  readonly #modules: ModulesContainer;
  readonly #authenticator: Authenticator;

  constructor(
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(Authenticator) authenticator: Authenticator,
  ) {
    this.#settings = settings;
    this.#modules = modules;
    this.#authenticator = authenticator;
  }

  onModuleInit(): void {
    for (const handler of handlersOf(this.#modules)) {
      if (!this.#settings.externalHandlers.includes(handler.owner as Type)) continue;
      const { requirements } = requirementsOfHandler(handler.method, handler.owner);
      if (requirements.length > 0) this.#hold(handler, requirements);
    }
  }

  #hold({ instance, method, owner, name }: Handler, requirements: readonly Requirement[]): void {
    if (!instance) throw new ConfigurationError(`${MODULE}.externalHandlers`, owner.name, 'classes with one instance');
    const judge = (): void => this.#judge(requirements);
    Reflect.set(instance, name.slice(owner.name.length + 1), function (this: unknown, ...args: unknown[]): unknown {
      judge();
      return Reflect.apply(method, this, args) as unknown;
    });
  }

  /** @throws AccessRefused */
  #judge(requirements: readonly Requirement[]): void {
    const token = currentAccessToken();
    if (!token) throw this.#authenticator.refusals.missingToken();
    const refusal = this.#authenticator.judge(token, requirements);
    if (refusal) throw refusal;
  }
}
