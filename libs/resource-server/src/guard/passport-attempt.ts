import type { ExecutionContext } from '@nestjs/common';
import { AuthGuard, type AuthModuleOptions, type IAuthGuard } from '@nestjs/passport';
import type { GuardedCall } from '../request/guarded-call.js';
import { STRATEGY_NAME } from '../settings/resource-server.tokens.js';

/**
 * What passport gets in place of execution context and request, and what is emptied as soon as it has answered. For each
 * request passport assigns function literals to the properties of a new object, and V8 places such functions among the old
 * objects at once. What they reach outlives every quick garbage collection and waits for a full one: it must not be request,
 * response and token.
 */
export class PassportAttempt {
  context: ExecutionContext | undefined;
  call: GuardedCall | undefined;
  /** What the guard made of passport's answer. */
  outcome: unknown;

  constructor(context: ExecutionContext, call: GuardedCall) {
    this.context = context;
    this.call = call;
  }

  empty(): void {
    this.context = this.call = this.outcome = undefined;
  }
}

/** Asks passport for a guard, with the hooks of that guard. */
export class PassportInquiry extends AuthGuard(STRATEGY_NAME) {
  readonly #hooks: IAuthGuard;

  constructor(hooks: IAuthGuard, options: AuthModuleOptions | undefined) {
    super(options);
    this.#hooks = hooks;
  }

  /** What the guard's `handleRequest` returns, or throws. */
  async ask(context: ExecutionContext, call: GuardedCall): Promise<unknown> {
    const attempt = new PassportAttempt(context, call);
    try {
      await this.canActivate(attempt as object as ExecutionContext);
      return attempt.outcome;
    } finally {
      attempt.empty();
    }
  }

  override getRequest(attempt: ExecutionContext): ExecutionContext {
    return attempt;
  }

  /** `AuthGuard` asks for the response too; the strategy never answers by itself. */
  getResponse(): undefined {
    return undefined;
  }

  override getAuthenticateOptions(attempt: ExecutionContext): ReturnType<IAuthGuard['getAuthenticateOptions']> {
    return this.#hooks.getAuthenticateOptions(attemptOf(attempt).context!);
  }

  override handleRequest<T>(
    error: unknown,
    user: unknown,
    info: unknown,
    given: ExecutionContext,
    status?: unknown,
  ): T {
    const attempt = attemptOf(given);
    attempt.outcome = this.#hooks.handleRequest(error, user, info, attempt.context!, status);
    return true as T;
  }
}

function attemptOf(context: ExecutionContext): PassportAttempt {
  return context as object as PassportAttempt;
}
