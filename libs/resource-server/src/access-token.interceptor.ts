import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { withAccessToken } from '@onbehalf/jwt-verification';
import type { Observable } from 'rxjs';
import type { AccessRefused } from './access-refused.js';
import { Authenticator } from './authenticator.js';
import { requestOf, setHeaders } from './guarded-request.js';
import { requirementsOf } from './requirements.js';
import type { ResourceServerSettings } from './resource-server-settings.js';
import { RESOURCE_SERVER_SETTINGS } from './resource-server.tokens.js';

/**
 * Runs the handler with the verified access token as the current one. Holds the demands of the route a second time: where
 * `@Scopes()` stands without a guard, or with a guard that does not read it, they must not be lost.
 */
@Injectable()
export class AccessTokenInterceptor implements NestInterceptor {
  readonly #authenticator: Authenticator;
  readonly #settings: ResourceServerSettings;

  constructor(
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
  ) {
    this.#authenticator = authenticator;
    this.#settings = settings;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { requirements } = requirementsOf(context);
    const token = this.#authenticator.verified(requestOf(context, this.#settings.request));
    if (!token) {
      if (requirements.length > 0) throw refused(this.#authenticator.refusals.missingToken(), context);
      return next.handle();
    }
    const refusal = this.#authenticator.judge(token, requirements);
    if (refusal) throw refused(refusal, context);
    // handle() binds what follows to the asynchronous context in which it is called
    return withAccessToken(token, () => next.handle());
  }
}

function refused(refusal: AccessRefused, context: ExecutionContext): AccessRefused {
  setHeaders(refusal.headers, context);
  return refusal;
}
