import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { currentAccessToken, withAccessToken, withRequestContext } from '@onbehalf/jwt-verification';
import { Observable } from 'rxjs';
import { Authenticator } from '../authentication/authenticator.js';
import { refuse } from '../refusals/refuse.js';
import { requirementsOf } from '../requirements/requirements.js';

/**
 * Runs the handler, and the interceptors around it, with the verified access token as the current one. Holds the demands of
 * the route a second time: where `@Scopes()` stands without a guard, or with a guard that does not read it, they must not be
 * lost.
 */
@Injectable()
export class AccessTokenInterceptor implements NestInterceptor {
  readonly #authenticator: Authenticator;

  constructor(@Inject(Authenticator) authenticator: Authenticator) {
    this.#authenticator = authenticator;
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (!this.#authenticator.guards(context.getClass())) return next.handle();
    const { access, requirements } = requirementsOf(context);
    const token = this.#authenticator.verified(this.#authenticator.call(context));
    const refusal = token
      ? this.#authenticator.judge(token, requirements)
      : access === 'token' && requirements.length > 0 && this.#authenticator.missing(requirements);
    if (refusal) return refuse(refusal, context);
    if (token) return inContext((work) => withAccessToken(token, work), next);
    // nobody is known for this call, whoever was for what it was called from
    return currentAccessToken() ? inContext(withRequestContext, next) : next.handle();
  }
}

/** What a handler returns may do its work only when it is subscribed to, so that happens inside the context too. */
function inContext(run: (work: () => unknown) => unknown, next: CallHandler): Observable<unknown> {
  return new Observable((subscriber) => {
    run(() => subscriber.add(next.handle().subscribe(subscriber)));
  });
}
