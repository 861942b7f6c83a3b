import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard, type AuthModuleOptions } from '@nestjs/passport';
import { setAccessToken, type VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { MODULE } from '../module-name.js';
import { AccessRefused } from '../refusals/access-refused.js';
import type { AuthenticateOptions } from './access-token.strategy.js';
import type { Authenticator } from '../authentication/authenticator.js';
import { Authenticators } from '../authentication/authenticators.js';
import { setHeaders, type GuardedRequest } from '../request/guarded-request.js';
import { PassportInquiry } from './passport-attempt.js';
import { Refusals } from '../refusals/refusals.js';
import { refuse } from '../refusals/refuse.js';
import { requirementsOf } from '../requirements/requirements.js';
import { STRATEGY_NAME } from '../settings/resource-server.tokens.js';

/** Lets a request through when its access token is valid and meets what the route demands. */
@Injectable()
export class AccessTokenGuard extends AuthGuard(STRATEGY_NAME) {
  /** Injected by `AuthGuard` where `PassportModule` is registered with options. */
  declare protected readonly options?: AuthModuleOptions;
  readonly #authenticators: Authenticators<Authenticator>;
  #passport: PassportInquiry | undefined;

  constructor(@Inject(Authenticators) authenticators: Authenticators<Authenticator>) {
    super();
    this.#authenticators = authenticators;
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const { access, requirements } = requirementsOf(context);
    if (access === 'public' || (access === 'optional' && !this.#hasCredentials(context))) return true;
    const authenticator = this.#authenticatorOf(context);
    try {
      const token = await this.#authenticate(context, authenticator);
      const nonce = authenticator.nextNonce();
      if (nonce !== undefined) setHeaders({ 'DPoP-Nonce': nonce }, context);
      const refusal = authenticator.judge(token, requirements);
      if (refusal) throw refusal;
    } catch (error) {
      if (!(error instanceof AccessRefused)) throw error;
      return refuse(authenticator.forRoute(error, requirements), context);
    }
    return true;
  }

  /** The request that the token is taken from; one without headers where the context has none. */
  override getRequest(context: ExecutionContext): GuardedRequest {
    // a context without a request has no token, which is no reason to let it through
    return this.#authenticatorOf(context).call(context)?.request ?? { headers: {} };
  }

  /** What the strategy is called with. */
  override getAuthenticateOptions(context: ExecutionContext): AuthenticateOptions {
    return { authenticator: this.#authenticatorOf(context) };
  }

  /**
   * The token that the strategy has verified.
   * @throws AccessRefused without a token, and what verification threw
   */
  override handleRequest<T = VerifiedAccessToken>(error: unknown, token: T): T {
    if (error instanceof Error) throw error;
    if (!token) throw new Refusals().missingToken();
    return token;
  }

  #hasCredentials(context: ExecutionContext): boolean {
    return this.getRequest(context).headers.authorization !== undefined;
  }

  /** Whichever module this guard was made in, the controller decides whose tokens count. */
  #authenticatorOf(context: ExecutionContext): Authenticator {
    const authenticator = this.#authenticators.of(context.getClass());
    if (authenticator) return authenticator;
    const handler = `${context.getClass().name}.${context.getHandler().name}`;
    throw new Error(`${MODULE}: ${handler} is guarded, but the application has not registered the module`);
  }

  async #authenticate(context: ExecutionContext, authenticator: Authenticator): Promise<VerifiedAccessToken> {
    const request = this.getRequest(context);
    const call = authenticator.adopt(request, context);
    this.#passport ??= new PassportInquiry(this, this.options);
    const user = await this.#passport.ask(context, call);
    if (call.owner === request) Reflect.set(request, this.options?.property ?? 'user', user);
    // whatever a subclass made of passport's answer, the verification of this call counts
    const token = authenticator.verified(call) ?? (await authenticator.authenticate(call));
    setAccessToken(token);
    return token;
  }
}
