import { Injectable, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AssertionUnreadable } from '@onbehalf/oauth-protocol';
import {
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  tokenRevocation,
  type Configuration,
} from 'openid-client';
import { AuthorizationServerUnavailable } from '../authorization-server/authorization-server-unavailable.js';
import { AuthorizationServer } from '../authorization-server/authorization-server.js';
import { PageError } from '../pages/page-error.js';
import type { Login } from '../session/session-data.js';
import { Settings } from '../settings.js';
import { explain } from './oauth-failure.js';
import { PendingLogins, type PendingLogin } from './pending-logins.js';
import type { StepUp } from './step-up.js';
import { toLogin } from './to-login.js';

export const CALLBACK_PATH = '/callback';
/** The user of the demo, whose name and password everybody may know. */
export const DEMO_USER = 'baeldung';
/** How the way back from the logout at the authorization server is told from a visit. */
export const SIGNED_OUT = 'signed-out';

const SCOPE = 'openid profile user.read';
/** What this app asks for besides, where the authorization server tells its users about themselves. */
const ME_SCOPE = 'activity.read activity.stop exchange.evaluate';

/** OpenID Connect login by authorization code with PKCE, and logout at the provider too. */
@Injectable()
export class LoginService {
  readonly #logger = new Logger('Login');

  constructor(
    private readonly server: AuthorizationServer,
    private readonly settings: Settings,
    private readonly pending: PendingLogins,
  ) {}

  /**
   * Where to send the browser to sign in. What must be known when it comes back is kept by the browser.
   * `stepUp`: what a service asks the user to prove anew (RFC 9470 §4); `hint`: the user name to begin with (OpenID Connect Core §3.1.2.1)
   */
  async begin(
    request: Request,
    response: Response,
    returnTo: string,
    { stepUp, hint }: { readonly stepUp?: StepUp | undefined; readonly hint?: string | undefined } = {},
  ): Promise<URL> {
    const configuration = await this.server.configuration();
    const { state, nonce, codeVerifier } = await this.pending.begin(request, response, returnTo, stepUp);
    const me = await this.server.meEndpoint();
    const parameters = new URLSearchParams({
      redirect_uri: this.settings.publicUrl + CALLBACK_PATH,
      scope: me === undefined ? SCOPE : `${SCOPE} ${ME_SCOPE}`,
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(stepUp?.acrValues !== undefined && { acr_values: stepUp.acrValues }),
      ...(stepUp?.maxAge !== undefined && { max_age: String(stepUp.maxAge) }),
      ...(typeof hint === 'string' && { login_hint: hint }),
    });
    // RFC 8707 §2: each resource is a parameter of its own
    for (const resource of me === undefined ? [] : [this.settings.userServiceResource, me])
      parameters.append('resource', resource);
    return buildAuthorizationUrl(configuration, parameters);
  }

  /** Whether this browser comes back from a login that it has begun. */
  isPending(request: Request): Promise<boolean> {
    return this.pending.has(request, stateOf(this.#callback(request)));
  }

  /**
   * Takes the browser back from the authorization server: state, issuer (RFC 9207), PKCE, and the ID token with its
   * nonce and signature must be right.
   */
  async complete(request: Request, response: Response): Promise<{ login: Login; returnTo: string }> {
    const callback = this.#callback(request);
    const configuration = await this.server.configuration();
    const { result: login, pending } = await this.pending.redeem(request, response, stateOf(callback), (begun) =>
      this.#redeem(configuration, callback, begun),
    );
    return { login: pending.stepUp ? { ...login, onTrial: true } : login, returnTo: pending.returnTo };
  }

  /** As the browser was sent here, whatever address stands in the request. */
  #callback({ originalUrl, path }: Request): URL {
    return new URL(`${this.settings.publicUrl}${CALLBACK_PATH}${originalUrl.slice(path.length)}`);
  }

  async #redeem(configuration: Configuration, callback: URL, pending: PendingLogin): Promise<Login> {
    try {
      const me = await this.server.meEndpoint();
      const checks = {
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        pkceCodeVerifier: pending.codeVerifier,
        idTokenExpected: true,
        // OpenID Connect Core §3.1.3.7: auth_time, when max_age was asked for
        maxAge: pending.stepUp?.maxAge,
      };
      // RFC 8707 §2.2: one token is for one resource
      const parameters: Record<string, string> =
        me === undefined ? {} : { resource: this.settings.userServiceResource };
      const tokens = await authorizationCodeGrant(configuration, callback, checks, parameters);
      return toLogin(tokens);
    } catch (error) {
      if (error instanceof AuthorizationResponseError) throw refusedByServer(error);
      // the library puts what it does not know into an error of its own
      if (error instanceof Error && error.cause instanceof AssertionUnreadable) {
        throw new AuthorizationServerUnavailable({ cause: error.cause });
      }
      // keys or endpoints may have changed since they were read
      this.server.forget();
      throw new PageError(
        502,
        'Signing in did not work',
        'The answer of the authorization server was not as expected.',
        {
          cause: explain(error),
        },
      );
    }
  }

  /**
   * Where to send the browser to end the session at the provider. OpenID Connect RP-Initiated Logout §2. The client names itself by
   * client_id and the session by its sid, so that nobody needs to be asked; an id_token_hint puts a token into an address, and is sent
   * only to servers that want it.
   */
  async end(login: Login): Promise<URL | undefined> {
    try {
      const configuration = await this.server.configuration();
      await this.#revoke(configuration, login);
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(configuration, {
        post_logout_redirect_uri: `${this.settings.publicUrl}/`,
        state: SIGNED_OUT,
        ...(login.sessionId !== undefined && { logout_hint: login.sessionId }),
        ...(this.settings.signOutByIdToken && login.idToken !== undefined && { id_token_hint: login.idToken }),
      });
    } catch (error) {
      // signed out here all the same
      this.#logger.warn(error);
      return undefined;
    }
  }

  // RFC 7009 §2: what the user signed out of must not be refreshed by anybody
  async #revoke(configuration: Configuration, { refreshToken }: Login): Promise<void> {
    if (refreshToken === undefined || configuration.serverMetadata().revocation_endpoint === undefined) return;
    await tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' }).catch((error: unknown) =>
      this.#logger.warn(error),
    );
  }
}

function stateOf(callback: URL): string {
  return callback.searchParams.get('state') ?? '';
}

// RFC 6749 §4.1.2.1
function refusedByServer(error: AuthorizationResponseError): PageError {
  const cause = { cause: explain(error) };
  return error.error === 'access_denied'
    ? new PageError(403, 'You are not signed in', 'The sign-in was cancelled or refused.', cause)
    : new PageError(502, 'Signing in did not work', 'The authorization server refused the request.', cause);
}
