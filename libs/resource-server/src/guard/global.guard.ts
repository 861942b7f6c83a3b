import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { enterRequestContext, hasRequestContext, setAccessToken } from '@onbehalf/jwt-verification';
import { AccessRefused } from '../refusals/access-refused.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { AccessTokenInterceptor } from './access-token.interceptor.js';
import { isGuardedLater } from './guarded-later.js';
import { rememberContext } from './access-token.strategy.js';
import { Authenticator } from '../authentication/authenticator.js';
import type { GuardedCall } from '../request/guarded-call.js';
import { refuse } from '../refusals/refuse.js';
import { hasPreRequestHooks } from '../request/request-contexts.js';
import { markGuarded, requirementsOf } from '../requirements/requirements.js';
import type { ResourceServerSettings } from '../settings/resource-server-settings.js';
import { RESOURCE_SERVER_SETTINGS } from '../settings/resource-server.tokens.js';

/**
 * The first guard of every handler: whichever guards an application has, they run behind it and see a verified token. Nest
 * orders the `APP_GUARD`s of modules by their distance from the root, and adds them when all providers are there; so this one
 * adds itself when it is made. It guards the route itself where the module is set up so, and verifies the token where
 * `AccessTokenGuard` comes later.
 */
@Injectable()
export class GlobalGuard implements CanActivate {
  readonly #settings: ResourceServerSettings;
  readonly #authenticator: Authenticator;
  readonly #guard: AccessTokenGuard;
  readonly #opensForMessages: boolean;

  constructor(
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(AccessTokenGuard) guard: AccessTokenGuard,
    @Inject(AccessTokenInterceptor) interceptor: AccessTokenInterceptor,
    @Inject(ApplicationConfig) application: ApplicationConfig,
  ) {
    this.#settings = settings;
    this.#authenticator = authenticator;
    this.#guard = guard;
    this.#opensForMessages = !hasPreRequestHooks(application);
    application.addGlobalGuard(this);
    application.addGlobalInterceptor(interceptor);
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (!this.#authenticator.guards(context.getClass())) return true;
    const call = this.#authenticator.call(context);
    this.#openRequestContext(context, call);
    markGuarded(context);
    const { access } = requirementsOf(context);
    if (this.#settings.global || access === 'optional') return this.#guard.canActivate(context);
    if (!call) return true;
    rememberContext(call.request, context, this.#authenticator);
    return (
      access === 'public' ||
      !isGuardedLater(context.getClass(), context.getHandler()) ||
      this.#verifyEarly(call, context)
    );
  }

  /**
   * Gives the guards behind this one a place where they find the token. Requests come in one already, and so do messages of
   * microservices where NestJS has a hook before them; what comes over a connection always gets one of its own: what ran before
   * it there may be of somebody else.
   */
  #openRequestContext(context: ExecutionContext, call: GuardedCall | undefined): void {
    const type = context.getType<string>();
    const isOfConnection =
      type === 'ws' ||
      (type === 'rpc' && this.#opensForMessages) ||
      (type === 'graphql' && call?.owner !== call?.request);
    if (isOfConnection || (type === 'http' && !hasRequestContext())) enterRequestContext();
  }

  /** For guards that stand before `AccessTokenGuard`, which judges the demands. */
  async #verifyEarly(call: GuardedCall, context: ExecutionContext): Promise<boolean> {
    try {
      setAccessToken(await this.#authenticator.authenticate(call));
      return true;
    } catch (error) {
      if (!(error instanceof AccessRefused)) throw error;
      return refuse(this.#authenticator.forRoute(error, requirementsOf(context).requirements), context);
    }
  }
}
