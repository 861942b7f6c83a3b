import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AccessTokenGuard } from './access-token.guard.js';
import { rememberContext } from './access-token.strategy.js';
import { requestOf } from './guarded-request.js';
import type { ResourceServerSettings } from './resource-server-settings.js';
import { RESOURCE_SERVER_SETTINGS } from './resource-server.tokens.js';

/**
 * Runs before every other guard: guards the route itself when the module is set up so, which it asks when the options are
 * known, so that `global` works wherever it stands.
 */
@Injectable()
export class GlobalGuard implements CanActivate {
  readonly #settings: ResourceServerSettings;
  readonly #guard: AccessTokenGuard;

  constructor(
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
    @Inject(AccessTokenGuard) guard: AccessTokenGuard,
  ) {
    this.#settings = settings;
    this.#guard = guard;
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.#settings.global) return this.#guard.canActivate(context);
    const request = requestOf(context, this.#settings.request);
    if (request) rememberContext(request, context);
    return true;
  }
}
