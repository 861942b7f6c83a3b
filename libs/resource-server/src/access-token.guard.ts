import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard, type AuthModuleOptions } from '@nestjs/passport';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessRefused } from './access-refused.js';
import type { AuthenticateOptions } from './access-token.strategy.js';
import { Authenticator } from './authenticator.js';
import { requestOf, setHeaders, type GuardedRequest } from './guarded-request.js';
import { PassportInquiry } from './passport-attempt.js';
import { requirementsOf } from './requirements.js';
import type { ResourceServerSettings } from './resource-server-settings.js';
import { RESOURCE_SERVER_SETTINGS, STRATEGY_NAME } from './resource-server.tokens.js';

/** Lets a request through when its access token is valid and meets what the route demands. */
@Injectable()
export class AccessTokenGuard extends AuthGuard(STRATEGY_NAME) {
  /** Injected by `AuthGuard` where `PassportModule` is registered with options. */
  declare protected readonly options?: AuthModuleOptions;
  readonly #authenticator: Authenticator;
  readonly #settings: ResourceServerSettings;
  #passport: PassportInquiry | undefined;

  constructor(
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings,
  ) {
    super();
    this.#authenticator = authenticator;
    this.#settings = settings;
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const { isPublic, requirements } = requirementsOf(context);
    if (isPublic) return true;
    try {
      const token = await this.#authenticate(context);
      const nonce = this.#authenticator.nextNonce();
      if (nonce !== undefined) setHeaders({ 'DPoP-Nonce': nonce }, context);
      const refusal = this.#authenticator.judge(token, requirements);
      if (refusal) throw refusal;
    } catch (error) {
      // set before it is thrown, so that no exception filter can lose them
      if (error instanceof AccessRefused) setHeaders(error.headers, context);
      throw error;
    }
    return true;
  }

  override getRequest(context: ExecutionContext): GuardedRequest {
    // a context without a request has no token, which is no reason to let it through
    return requestOf(context, this.#settings.request) ?? { headers: {} };
  }

  override getAuthenticateOptions(): AuthenticateOptions {
    return { authenticator: this.#authenticator };
  }

  override handleRequest<T = VerifiedAccessToken>(error: unknown, token: T): T {
    if (error instanceof Error) throw error;
    if (!token) throw this.#authenticator.refusals.missingToken();
    return token;
  }

  async #authenticate(context: ExecutionContext): Promise<VerifiedAccessToken> {
    const request = this.getRequest(context);
    this.#passport ??= new PassportInquiry(this, this.options);
    const user = await this.#passport.ask(context, request);
    Reflect.set(request, this.options?.property ?? 'user', user);
    // whatever a subclass made of passport's answer, the verification of this request counts
    return this.#authenticator.verified(request) ?? this.#authenticator.authenticate(request);
  }
}
