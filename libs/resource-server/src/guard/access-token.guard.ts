import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard, type AuthModuleOptions } from '@nestjs/passport';
import { setAccessToken, type VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessRefused } from '../refusals/access-refused.js';
import type { AuthenticateOptions } from './access-token.strategy.js';
import { Authenticator } from '../authentication/authenticator.js';
import { setHeaders, type GuardedRequest } from '../request/guarded-request.js';
import { PassportInquiry } from './passport-attempt.js';
import { refuse } from '../refusals/refuse.js';
import { requirementsOf } from '../requirements/requirements.js';
import { STRATEGY_NAME } from '../settings/resource-server.tokens.js';

/** Lets a request through when its access token is valid and meets what the route demands. */
@Injectable()
export class AccessTokenGuard extends AuthGuard(STRATEGY_NAME) {
  /** Injected by `AuthGuard` where `PassportModule` is registered with options. */
  declare protected readonly options?: AuthModuleOptions;
  readonly #authenticator: Authenticator;
  #passport: PassportInquiry | undefined;

  constructor(@Inject(Authenticator) authenticator: Authenticator) {
    super();
    this.#authenticator = authenticator;
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const { access, requirements } = requirementsOf(context);
    if (access === 'public' || (access === 'optional' && !this.#hasCredentials(context))) return true;
    try {
      const token = await this.#authenticate(context);
      const nonce = this.#authenticator.nextNonce();
      if (nonce !== undefined) setHeaders({ 'DPoP-Nonce': nonce }, context);
      const refusal = this.#authenticator.judge(token, requirements);
      if (refusal) throw refusal;
    } catch (error) {
      if (!(error instanceof AccessRefused)) throw error;
      return refuse(this.#authenticator.forRoute(error, requirements), context);
    }
    return true;
  }

  /** The request that the token is taken from; one without headers where the context has none. */
  override getRequest(context: ExecutionContext): GuardedRequest {
    // a context without a request has no token, which is no reason to let it through
    return this.#authenticator.call(context)?.request ?? { headers: {} };
  }

  /** What the strategy is called with. */
  override getAuthenticateOptions(): AuthenticateOptions {
    return { authenticator: this.#authenticator };
  }

  /**
   * The token that the strategy has verified.
   * @throws AccessRefused without a token, and what verification threw
   */
  override handleRequest<T = VerifiedAccessToken>(error: unknown, token: T): T {
    if (error instanceof Error) throw error;
    if (!token) throw this.#authenticator.refusals.missingToken();
    return token;
  }

  #hasCredentials(context: ExecutionContext): boolean {
    return this.getRequest(context).headers.authorization !== undefined;
  }

  async #authenticate(context: ExecutionContext): Promise<VerifiedAccessToken> {
    const request = this.getRequest(context);
    const call = this.#authenticator.adopt(request, context);
    this.#passport ??= new PassportInquiry(this, this.options);
    const user = await this.#passport.ask(context, call);
    if (call.owner === request) Reflect.set(request, this.options?.property ?? 'user', user);
    // whatever a subclass made of passport's answer, the verification of this call counts
    const token = this.#authenticator.verified(call) ?? (await this.#authenticator.authenticate(call));
    setAccessToken(token);
    return token;
  }
}
